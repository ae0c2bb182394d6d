#include "process/query.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>

#include <optional>

#include "support/loop.hpp"

namespace steady::process {
namespace {

using namespace std::chrono_literals;

/// Longer than any answer here takes.
constexpr auto kNoHurry = 60s;

/// One question to a shell, and what came of it.
struct Asked {
  explicit Asked(const std::string& script, std::chrono::milliseconds limit = kNoHurry,
                 const std::string& request = "", std::vector<std::string> environment = {}) {
    ask(script, limit, request, std::move(environment));
  }

  void ask(const std::string& script, std::chrono::milliseconds limit, const std::string& request,
           std::vector<std::string> environment) {
    const Spawn spawn{{"/bin/sh", "-c", script}, {}, true, std::move(environment)};
    auto started = Query::start(loop.get(), spawn, request, limit, [this](Outcome came) {
      ++answers;
      outcome = std::move(came);
      if (destroys) query.reset();
    });
    REQUIRE_MESSAGE(started, started.error().message);
    query = std::move(*started);
  }
  const Outcome& answer() {
    loop.run_until([&] { return outcome.has_value(); });
    return *outcome;
  }

  test::Loop loop;
  std::unique_ptr<Query> query;
  std::optional<Outcome> outcome;
  int answers = 0;
  bool destroys = false;
};

}  // namespace

TEST_SUITE("process/query") {
  TEST_CASE("a program that does not answer in time is killed, and what it said until then is kept") {
    Asked asked("echo begun; echo trouble >&2; exec sleep 1000", 300ms);
    CHECK(asked.answer().timed_out);
    CHECK(asked.answer().how.signal == SIGKILL);
    CHECK(asked.answers == 1);
  }

  TEST_CASE("what the program has started itself dies with it") {
    Asked asked("sleep 1000 & sleep 1000", 300ms);  // its child holds the same stdout open
    CHECK(asked.answer().timed_out);
  }

  TEST_CASE("a program that dies is told from one that fails, with the last line of what it complained") {
    Asked dies("echo first >&2; echo 'last words' >&2; echo >&2; kill -SEGV $$");
    CHECK(dies.answer().how.signal == SIGSEGV);
    CHECK(dies.answer().last_error_line == "last words");
    CHECK_FALSE(dies.answer().timed_out);
    Asked fails("exit 3");
    CHECK(fails.answer().how.code == 3);
    CHECK(fails.answer().last_error_line.empty());
    CHECK(fails.answer().output.empty());
  }

  TEST_CASE("a program that cannot be started is an error, and nothing is called") {
    test::Loop loop;
    bool called = false;
    const auto started = Query::start(loop.get(), {{"/nowhere/at-all"}, {}, true}, "", kNoHurry,
                                      [&](const Outcome&) { called = true; });
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::NotFound);
    loop.run_out();
    CHECK_FALSE(called);
  }

  TEST_CASE("a program has our environment, with what it was given beside it and instead of it") {
    ::setenv("STEADY_QUERY_KEPT", "ours", 1);
    ::setenv("STEADY_QUERY_REPLACED", "ours", 1);
    ::setenv("STEADY_QUERY_REPLACED_NOT", "ours", 1);
    Asked asked("env | grep ^STEADY_QUERY | sort", kNoHurry, "",
                {"STEADY_QUERY_REPLACED=given", "STEADY_QUERY_NEW=a b"});
    CHECK(asked.answer().output ==
          "STEADY_QUERY_KEPT=oursSTEADY_QUERY_NEW=a bSTEADY_QUERY_REPLACED=givenSTEADY_QUERY_REPLACED_NOT=ours");
    for (const char* const name : {"STEADY_QUERY_KEPT", "STEADY_QUERY_REPLACED", "STEADY_QUERY_REPLACED_NOT"})
      ::unsetenv(name);
  }

  TEST_CASE("destroying a query ends its program and gives no answer") {
    Asked asked("exec sleep 1000");
    asked.query.reset();
    asked.loop.run_out();  // returns: nothing is left to wait for
    CHECK(asked.answers == 0);
  }

  TEST_CASE("a query may be destroyed by its own answer, on time or too late") {
    Asked asked("exit 0");
    asked.destroys = true;
    CHECK(asked.answer().how.clean());
    CHECK_FALSE(asked.query);
    Asked late("exec sleep 1000", 100ms);
    late.destroys = true;
    CHECK(late.answer().timed_out);
    CHECK_FALSE(late.query);
  }

  TEST_CASE("the answer is all of stdout without its line ends, and nothing of stderr") {
    Asked asked("echo '{\"a\":'; echo noise >&2; echo 1; printf '}'");
    CHECK(asked.answer().how.clean());
    CHECK(asked.answer().output == "{\"a\":1}");
    CHECK(asked.answer().last_error_line == "noise");
  }

  TEST_CASE("a long answer arrives whole") {
    Asked asked("i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done");
    CHECK(asked.answer().output.size() == 120'000);
  }

  TEST_CASE("a request reaches the program on descriptor 3, and one that it does not read is no error") {
    Asked asked("read -r line <&3; echo \"heard $line\"", kNoHurry, "hello\n");
    CHECK(asked.answer().output == "heard hello");
    Asked deaf("exec 3<&-; echo deaf", kNoHurry, "hello\n");
    CHECK(deaf.answer().output == "deaf");
    CHECK(deaf.answer().how.clean());
  }
}

}  // namespace steady::process
