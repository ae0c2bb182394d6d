#include "records/print.hpp"

#include <doctest/doctest.h>

#include "unit/records/samples.hpp"

namespace steady::records {

TEST_SUITE("records/print") {
  TEST_CASE("an incident is one block that says all that is known") {
    auto incident = sample_incident();
    incident.id = 12;
    CHECK(print(incident) ==
          "incident 12  2026-02-01T00:00:00.123Z  actor counter in worker pool, generation 3: crash, "
          "killed by signal 11 (Segmentation fault)\n"
          "  fault address: 0xfffffffffffffff0\n"
          "  backtrace:\n"
          "    #0 demo::Counter::step() at counter.cpp:42 (demo.so)\n"
          "    #1 0x10\n"
          "  ports:\n"
          "    input in of source.numbers at message 41, 9 waiting, next: Number{value: 41}\n"
          "    output out of sums at message 7, 0 waiting\n"
          "  suspect: message 41 of source.numbers\n"
          "  decision: restarted: 1 of 5 used\n"
          "  stderr:\n"
          "    first\n"
          "    last words\n");
  }

  TEST_CASE("what is not known takes no line") {
    Incident bare;
    bare.id = 1;
    bare.actor = bare.worker = "a";
    bare.cause = "exit";
    CHECK(print(bare) == "incident 1  1970-01-01T00:00:00.000Z  actor a, generation 0: exit\n");
    bare.fault_address = 0;  // a null pointer is known
    CHECK(print(bare).ends_with("\n  fault address: 0x0\n"));
  }

  TEST_CASE("a frame shows as much as is known of it") {
    const auto line_of = [](StackFrame frame) {
      Incident incident;
      incident.backtrace = {std::move(frame)};
      const auto text = print(incident);
      return text.substr(text.find('#'));
    };
    StackFrame frame;
    frame.address = 0x1000;
    frame.module = "libc.so.6";
    CHECK(line_of(frame) == "#0 0x1000 (libc.so.6)\n");
    frame.file = "a.c";
    CHECK(line_of(frame) == "#0 0x1000 at a.c (libc.so.6)\n");
    frame.function = "f()";
    frame.line = 3;
    CHECK(line_of(frame) == "#0 f() at a.c:3 (libc.so.6)\n");
    frame.file.clear();
    CHECK(line_of(frame) == "#0 f() (libc.so.6)\n");
  }

  TEST_CASE("a plugin's text can neither add a line nor move a cursor") {
    Incident hostile;
    hostile.actor = "a";
    hostile.how = "x\ny\x1b[2J\x7f\xc2\x9bz";
    hostile.suspect = "\r\n";
    hostile.stderr_tail = {"one\ntwo\t\xff\xc2"};
    CHECK(print(hostile) ==
          "incident 0  1970-01-01T00:00:00.000Z  actor a, generation 0: , x y [2J  z\n"
          "  suspect:   \n"
          "  stderr:\n"
          "    one two \xff\xc2\n");
  }
}

}  // namespace steady::records
