#include "runtime/death.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <iterator>
#include <set>

namespace steady::runtime {
namespace {

Death ended(const process::Ended& how) {
  Death death;
  death.how = how;
  return death;
}
Death by_signal(int signal) { return ended({.code = 0, .signal = signal}); }
Death with_code(int code) { return ended({.code = code, .signal = 0}); }

Death after(Death death, const std::string& failure) {
  death.failure = failure;
  return death;
}

Death killed_for(Killing killing, bool was_ready = true) {
  Death death = by_signal(SIGKILL);
  death.killing = killing;
  death.was_ready = was_ready;
  return death;
}

}  // namespace

TEST_SUITE("runtime/death") {
  TEST_CASE("a signal that code raises against itself is a crash") {
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP, SIGPIPE, SIGXCPU}) {
      CAPTURE(signal);
      CHECK(cause_of(by_signal(signal)) == Cause::Crash);
    }
  }

  TEST_CASE("a signal that people and service managers send is a kill from outside") {
    for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
      CAPTURE(signal);
      CHECK(cause_of(by_signal(signal)) == Cause::Killed);
    }
  }

  TEST_CASE("abort() is a cause of its own, unless an actor said before what went wrong") {
    CHECK(cause_of(by_signal(SIGABRT)) == Cause::Abort);
    CHECK(cause_of(after(by_signal(SIGABRT), "no such row")) == Cause::Exception);
  }

  TEST_CASE("any exit code is an exit, and a failure that was told is an exception") {
    for (const int code : {0, 1, 3, 127, 255}) {
      CHECK(cause_of(with_code(code)) == Cause::Exit);
      CHECK(cause_of(after(with_code(code), "step failed")) == Cause::Exception);
    }
  }

  TEST_CASE("an allocation that failed is a lack of memory, however the process ended then") {
    CHECK(cause_of(after(with_code(1), "step: std::bad_alloc")) == Cause::OutOfMemory);
    CHECK(cause_of(after(by_signal(SIGABRT), "std::bad_alloc")) == Cause::OutOfMemory);
  }

  TEST_CASE("the OOM killer is blamed only for a SIGKILL that nobody else is known to have sent") {
    Death death = by_signal(SIGKILL);
    death.oom_killer_struck = true;
    CHECK(cause_of(death) == Cause::OutOfMemory);
    for (const int signal : {SIGTERM, SIGSEGV, SIGABRT}) {
      death.how.signal = signal;
      CHECK(cause_of(death) != Cause::OutOfMemory);
    }
    Death hung = killed_for(Killing::Hang);
    hung.oom_killer_struck = true;
    CHECK(cause_of(hung) == Cause::Watchdog);
    Death stopped = killed_for(Killing::Stop);
    stopped.oom_killer_struck = true;
    CHECK(cause_of(stopped) == Cause::Operator);
  }

  TEST_CASE("steadyd's own kills are its own causes") {
    CHECK(cause_of(killed_for(Killing::Hang)) == Cause::Watchdog);
    CHECK(cause_of(killed_for(Killing::Stop)) == Cause::Operator);
    CHECK(cause_of(killed_for(Killing::StartTimeout, false)) == Cause::StartFailed);
    CHECK(cause_of(killed_for(Killing::Stop, false)) == Cause::Operator);
  }

  TEST_CASE("whatever ends a process before it is ready is a failed start") {
    for (Death death : {by_signal(SIGSEGV), by_signal(SIGKILL), by_signal(SIGABRT), with_code(1),
                        after(with_code(1), "std::bad_alloc"), after(with_code(1), "start failed")}) {
      death.was_ready = false;
      CHECK(cause_of(death) == Cause::StartFailed);
    }
  }

  TEST_CASE("an actor's own code is to blame for all but a stop, a kill from outside and a failed start") {
    for (const Cause cause : kCauses) {
      CAPTURE(word(cause));
      const bool from_elsewhere = cause == Cause::Operator || cause == Cause::Killed || cause == Cause::StartFailed;
      CHECK(own_fault(cause) != from_elsewhere);
    }
  }

  TEST_CASE("every cause is listed once, and has a word of its own for metrics") {
    std::set<Cause> causes(std::begin(kCauses), std::end(kCauses));
    CHECK(causes.size() == std::size(kCauses));
    const std::vector<std::string> expected{"crash",    "abort", "exception", "out_of_memory", "watchdog",
                                            "operator", "exit",  "killed",    "start_failed"};
    std::vector<std::string> words;
    for (const Cause cause : kCauses) words.emplace_back(word(cause));
    CHECK(words == expected);
  }
}

}  // namespace steady::runtime
