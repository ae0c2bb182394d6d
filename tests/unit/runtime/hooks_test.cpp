// Commands of triggers, with real small scripts.
#include "runtime/hooks.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/loop.hpp"

namespace steady::runtime {
namespace {

using namespace std::chrono_literals;

/// Longer than any script here takes.
constexpr auto kNoHurry = 60s;

/// A loop with hooks on it, and a directory that the scripts write to.
struct Bench {
  explicit Bench(std::chrono::milliseconds limit = kNoHurry, std::size_t at_once = 16) {
    char pattern[] = "/tmp/steady-hooks-XXXXXX";
    REQUIRE(::mkdtemp(pattern) != nullptr);
    directory = pattern;
    hooks.emplace(loop.get(), "demo", limit, at_once);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() {
    hooks.reset();
    loop.run_out();
    std::filesystem::remove_all(directory);
  }

  /// `script` runs in the directory.
  Triggers::State trigger(const std::string& script) const {
    Triggers::State state;
    state.kind = Triggers::Kind::Channel;
    state.name = "a.out";
    state.trigger.when = "latency.p99 > 5ms";
    state.trigger.colour = config::Colour::Red;
    state.trigger.command = {"/bin/sh", "-c", "cd " + directory.string() + "; " + script, "hook", "an argument"};
    state.active = true;
    state.value = 0.0081;
    return state;
  }
  void tell(Triggers::State state, bool active, std::size_t number = 0) {
    state.active = active;
    hooks->tell(number, state);
  }
  void run_until_idle() {
    loop.run_until([&] { return hooks->running() == 0; });
  }
  std::string file(const std::string& name) const {
    std::ifstream in(directory / name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  bool has(const std::string& name) const { return std::filesystem::exists(directory / name); }
  void write(const std::string& name) const { std::ofstream(directory / name) << "x"; }

  std::filesystem::path directory;
  test::Loop loop;
  std::optional<Hooks> hooks;
};

/// Says what it was told, and then waits for `gate`.
std::string note_and_wait_for(const std::string& gate) {
  return "echo $STEADY_TRIGGER_STATE >> told; until [ -e " + gate + " ]; do sleep 0.01; done";
}

}  // namespace

TEST_SUITE("runtime/hooks") {
  TEST_CASE("a command learns all about its trigger, beside steadyd's own environment") {
    ::setenv("STEADY_HOOKS_TEST", "ours", 1);
    Bench bench;
    bench.tell(bench.trigger("echo \"$1\" > said; env | grep -E '^STEADY_(HOOKS|SERVICE|TRIGGER)' | sort >> said"), true);
    bench.run_until_idle();
    CHECK(bench.file("said") ==
          "an argument\n"
          "STEADY_HOOKS_TEST=ours\n"
          "STEADY_SERVICE=demo\n"
          "STEADY_TRIGGER_COLOUR=red\n"
          "STEADY_TRIGGER_KIND=channel\n"
          "STEADY_TRIGGER_NAME=a.out\n"
          "STEADY_TRIGGER_STATE=active\n"
          "STEADY_TRIGGER_VALUE=8.1ms\n"
          "STEADY_TRIGGER_WHEN=latency.p99 > 5ms\n");
    ::unsetenv("STEADY_HOOKS_TEST");
  }

  TEST_CASE("an end is told as such, also when there is nothing left to measure") {
    Bench bench;
    Triggers::State state = bench.trigger("echo \"$STEADY_TRIGGER_STATE:$STEADY_TRIGGER_VALUE:\" > said");
    state.value.reset();
    bench.tell(state, false);
    bench.run_until_idle();
    CHECK(bench.file("said") == "ended::\n");
  }

  TEST_CASE("a trigger without a command starts nothing") {
    Bench bench;
    Triggers::State state = bench.trigger("");
    state.trigger.command.clear();
    bench.tell(state, true);
    CHECK(bench.hooks->running() == 0);
  }

  TEST_CASE("while a command runs the next one waits, and it is told the last state") {
    Bench bench;
    const Triggers::State state = bench.trigger(note_and_wait_for("gate"));
    bench.tell(state, true);
    bench.loop.run_until([&] { return bench.file("told") == "active\n"; });
    bench.tell(state, false);
    bench.tell(state, true);
    bench.tell(state, false);
    CHECK(bench.hooks->running() == 1);
    CHECK(bench.file("told") == "active\n");
    bench.write("gate");
    bench.run_until_idle();
    CHECK(bench.file("told") == "active\nended\n");
  }

  TEST_CASE("a change there and back while a command runs is not told") {
    Bench bench;
    const Triggers::State state = bench.trigger(note_and_wait_for("gate"));
    bench.tell(state, true);
    bench.loop.run_until([&] { return bench.file("told") == "active\n"; });
    bench.tell(state, false);
    bench.tell(state, true);
    bench.write("gate");
    bench.run_until_idle();
    CHECK(bench.file("told") == "active\n");
  }

  TEST_CASE("commands of different triggers run side by side, up to the limit") {
    Bench bench(kNoHurry, 2);
    for (std::size_t i = 0; i < 4; ++i) bench.tell(bench.trigger(note_and_wait_for("gate")), true, i);
    CHECK(bench.hooks->running() == 2);
    bench.loop.run_until([&] { return bench.file("told") == "active\nactive\n"; });
    bench.write("gate");
    bench.loop.run_until([&] { return bench.file("told") == "active\nactive\nactive\nactive\n"; });
    bench.run_until_idle();
  }

  TEST_CASE("a command that takes too long is killed with all that it started, and the next one is started") {
    Bench bench(300ms);
    const Triggers::State state = bench.trigger("sleep 1000 & sleep 1000");
    bench.tell(state, true);
    bench.run_until_idle();
    bench.tell(state, true);
    CHECK(bench.hooks->running() == 1);
    bench.run_until_idle();
  }

  TEST_CASE("a command that fails or is not there harms nobody") {
    Bench bench;
    bench.tell(bench.trigger("echo sorry >&2; exit 3"), true);
    Triggers::State missing = bench.trigger("");
    missing.trigger.command = {"/nowhere/at-all"};
    bench.tell(missing, true, 1);
    missing.trigger.command = {"steady-there-is-no-such-program"};
    bench.tell(missing, true, 2);
    CHECK(bench.hooks->running() == 1);
    bench.tell(bench.trigger("touch done"), true, 3);
    bench.run_until_idle();
    CHECK(bench.has("done"));
  }

  TEST_CASE("a mere name is found in PATH") {
    Bench bench;
    Triggers::State state = bench.trigger("touch done");
    state.trigger.command[0] = "sh";
    bench.tell(state, true);
    bench.run_until_idle();
    CHECK(bench.has("done"));
  }

  TEST_CASE("nothing runs on when the hooks are gone") {
    Bench bench;
    bench.tell(bench.trigger("exec sleep 1000"), true);
    bench.hooks.reset();
    bench.loop.run_out();  // returns: nothing is left to wait for
    bench.hooks.emplace(bench.loop.get(), "demo");
  }
}

}  // namespace steady::runtime
