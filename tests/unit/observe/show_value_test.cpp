#include "observe/show_value.hpp"

#include <doctest/doctest.h>

using steady::observe::show_value;

TEST_SUITE("observe/show_value") {
  TEST_CASE("a value has the unit of its measure") {
    CHECK(show_value("fill > 80%", 0.834) == "83.4%");
    CHECK(show_value("blocked.mean < 1%", 0.0) == "0%");
    CHECK(show_value("idle > 1%", 1.0) == "100%");
    CHECK(show_value("cpu > 90%", 2.5) == "250%");
    CHECK(show_value("inflight > 10k", 10200) == "10200");
    CHECK(show_value("batch.mean > 2", 2.25) == "2.25");
    CHECK(show_value("rate > 10k", 10200.4) == "10200/s");
    CHECK(show_value("steps < 1", 0.5) == "0.5/s");
    CHECK(show_value("latency.p99.9 > 5ms", 0.0081) == "8.1ms");
    CHECK(show_value("step > 5ms", 12.3456) == "12.3s");
    CHECK(show_value("memory > 512MiB", 536870912) == "512MiB");
  }

  TEST_CASE("the unit follows the size of the value") {
    CHECK(show_value("step > 1s", 0) == "0ns");
    CHECK(show_value("step > 1s", 1.5e-9) == "1.5ns");
    CHECK(show_value("step > 1s", 999e-9) == "999ns");
    CHECK(show_value("step > 1s", 1e-6) == "1us");
    CHECK(show_value("step > 1s", 7200) == "7200s");
    CHECK(show_value("memory > 1", 0) == "0B");
    CHECK(show_value("memory > 1", 1023) == "1023B");
    CHECK(show_value("memory > 1", 1536) == "1.5KiB");
    CHECK(show_value("memory > 1", 3.25 * (1 << 30)) == "3.25GiB");
  }

  TEST_CASE("no value is shown with an exponent") {
    CHECK(show_value("cpu > 1", 1e-9) == "0%");
    CHECK(show_value("rate > 1", 1e9) == "1000000000/s");
    CHECK(show_value("rate > 1", 1e-5) == "0/s");
  }

  TEST_CASE("a measure that is not known has no unit") { CHECK(show_value("height > 3", 4) == "4"); }
}
