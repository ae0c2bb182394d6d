#include "process/process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "base/unique_fd.hpp"
#include "support/loop.hpp"
#include "support/memory_directory.hpp"

namespace steady::process {
namespace {

using test::Loop;

/// A child and everything it said.
struct Child {
  Child(Loop& on, const std::vector<std::string>& command, const std::vector<int>& inherit = {}) : loop(on) {
    Spawn spawn;
    spawn.command = command;
    spawn.inherit = inherit;
    Process::Handlers handlers;
    handlers.on_line = [this](Stream stream, std::string_view line) {
      CHECK_FALSE(ended);
      lines[static_cast<std::size_t>(stream)].emplace_back(line);
    };
    handlers.on_end = [this](Ended how) { ended = how; };
    auto started = Process::spawn(loop.get(), spawn, std::move(handlers));
    REQUIRE_MESSAGE(started, started.error().message);
    process = std::move(*started);
  }

  const Ended& end() {
    loop.run_until([&] { return ended.has_value(); });
    return *ended;
  }
  std::vector<std::string>& output() { return lines[0]; }
  std::vector<std::string>& errors() { return lines[1]; }
  std::vector<std::string>& control() { return lines[2]; }

  Loop& loop;
  std::unique_ptr<Process> process;
  std::vector<std::string> lines[3];
  std::optional<Ended> ended;
};

std::vector<std::string> shell(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

/// Whether a process runs, or at least has not been given up by its parent: a zombie is gone.
bool runs(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  if (!std::getline(file, stat)) return false;
  const auto name_end = stat.rfind(')');
  return name_end != std::string::npos && stat[name_end + 2] != 'Z';
}

}  // namespace

TEST_SUITE("process/process") {
  TEST_CASE("a start that fails for lack of descriptors leaves no process behind, whatever it lacked them for") {
    Loop loop;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const UniqueFd first_free(::dup(0));
    unsigned failed = 0;
    bool started = false;
    for (rlim_t most = static_cast<rlim_t>(first_free.get()) + 1; !started; ++most) {
      const rlimit tight{most, before.rlim_max};
      ::setrlimit(RLIMIT_NOFILE, &tight);
      Spawn spawn;
      spawn.command = {"/bin/sleep", "1000"};
      auto process = Process::spawn(loop.get(), spawn, {});
      ::setrlimit(RLIMIT_NOFILE, &before);
      started = process.has_value();
      if (started) break;
      ++failed;
      CHECK_FALSE(process.error().message.empty());
      CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // not even one to be reaped
      CHECK(errno == ECHILD);
    }
    CHECK(failed > 3);
  }

  TEST_CASE("an exit code and a signal are told apart, in words too") {
    Loop loop;
    Child exits(loop, shell("exit 3"));
    CHECK(exits.end().code == 3);
    CHECK(exits.ended->signal == 0);
    CHECK(exits.ended->text() == "exit code 3");
    CHECK_FALSE(exits.ended->clean());
    Child dies(loop, shell("kill -SEGV $$"));
    CHECK(dies.end().signal == SIGSEGV);
    CHECK(dies.ended->text() == "killed by signal 11 (Segmentation fault)");
    Child ends(loop, {"/bin/true"});
    CHECK(ends.end().clean());
  }

  TEST_CASE("an executable that is missing or may not run is an error that names it") {
    Loop loop;
    const test::MemoryDirectory directory;
    const auto missing = Process::spawn(loop.get(), {{"/nowhere/at-all"}, {}, true}, {});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::NotFound);
    CHECK(missing.error().message.find("/nowhere/at-all") != std::string::npos);
    std::ofstream(directory.path() + "/text") << "text";
    const auto denied = Process::spawn(loop.get(), {{directory.path() + "/text"}, {}, true}, {});
    REQUIRE_FALSE(denied);
    CHECK(denied.error().code == ErrorCode::Denied);
  }

  TEST_CASE("stdout, stderr and the control socket are three streams of lines") {
    Loop loop;
    Child child(loop, shell("echo out; echo err >&2; echo ctl >&3; printf 'no newline'"));
    child.end();
    CHECK(child.output() == std::vector<std::string>{"out", "no newline"});
    CHECK(child.errors() == std::vector<std::string>{"err"});
    CHECK(child.control() == std::vector<std::string>{"ctl"});
  }

  TEST_CASE("stdin is empty") {
    Loop loop;
    Child child(loop, {"/bin/cat"});
    CHECK(child.end().clean());
    CHECK(child.output().empty());
  }

  TEST_CASE("what was sent over the control socket arrives, however much") {
    Loop loop;
    Child child(loop, shell("head -n 3 <&3 >&1; exit 7"));
    const std::string large(300'000, 'x');
    child.process->send("first\n");
    child.process->send(large + "\n");
    child.process->send("last\n");
    CHECK(child.end().code == 7);
    REQUIRE(child.output().size() > 2);
    CHECK(child.output().front() == "first");
    CHECK(child.output().back() == "last");
    std::size_t bytes = 0;
    for (std::size_t i = 1; i + 1 < child.output().size(); ++i) bytes += child.output()[i].size();
    CHECK(bytes == large.size());
  }

  TEST_CASE("sending to a child that is gone is no error") {
    ::signal(SIGPIPE, SIG_IGN);  // as steadyd does
    Loop loop;
    Child child(loop, {"/bin/true"});
    loop.run_until([&] { return !runs(child.process->pid()); });
    for (int i = 0; i < 100; ++i) child.process->send(std::string(10'000, 'x'));
    CHECK(child.end().clean());
    child.process->send("after the end");
    child.process->kill(SIGTERM);
  }

  TEST_CASE("everything that a child wrote before it died is handed on before its end") {
    Loop loop;
    for (const char* const death : {"exit 0", "kill -9 $$"}) {
      Child child(loop, shell("i=0; while [ $i -lt 1000 ]; do printf '%01023d\\n' $i; i=$((i+1)); done; printf tail; " +
                              std::string(death)));
      child.end();
      REQUIRE(child.output().size() == 1001);
      for (std::size_t i = 0; i < 1000; ++i) {
        REQUIRE(child.output()[i].size() == 1023);
        REQUIRE(std::stoul(child.output()[i]) == i);
      }
      CHECK(child.output().back() == "tail");
    }
  }

  TEST_CASE("what fills the pipe in the instant of death is handed on whole") {
    Loop loop;
    for (int round = 0; round < 20; ++round) {
      Child child(loop, shell("head -c 60000 /dev/zero | tr '\\0' x; kill -9 $$"));
      loop.run_until([&] { return !runs(child.process->pid()); });  // and nobody has read yet
      child.end();
      std::size_t bytes = 0;
      for (const std::string& line : child.output()) bytes += line.size();
      REQUIRE(bytes == 60'000);
    }
  }

  TEST_CASE("what a child has started dies with it") {
    Loop loop;
    Child child(loop, shell("sleep 1000 & echo $!; exit 0"));
    CHECK(child.end().clean());
    REQUIRE(child.output().size() == 1);
    const int grandchild = std::stoi(child.output()[0]);
    loop.run_until([&] { return !runs(grandchild); });
  }

  TEST_CASE("kill reaches the child and what it has started") {
    Loop loop;
    Child child(loop, shell("sleep 1000 & echo $!; wait"));
    loop.run_until([&] { return !child.output().empty(); });
    const int grandchild = std::stoi(child.output()[0]);
    child.process->kill(SIGKILL);
    CHECK(child.end().signal == SIGKILL);
    loop.run_until([&] { return !runs(grandchild); });
  }

  TEST_CASE("a grandchild that fled and keeps writing cannot hold up the end") {
    Loop loop;
    Child child(loop, shell("setsid sh -c 'echo $$; exec yes' & sleep 0.2; exit 5"));
    CHECK(child.end().code == 5);
    REQUIRE_FALSE(child.output().empty());
    const int fled = std::stoi(child.output()[0]);
    ::kill(fled, SIGKILL);
    loop.run_until([&] { return !runs(fled); });
  }

  TEST_CASE("destroying a process kills it and makes no further calls") {
    Loop loop;
    std::optional<Child> child(std::in_place, loop, shell("sleep 1000 & echo $!; wait"));
    loop.run_until([&] { return !child->output().empty(); });
    const int pid = child->process->pid();
    const int grandchild = std::stoi(child->output()[0]);
    child.reset();
    loop.run_until([&] { return !runs(pid) && !runs(grandchild); });
  }

  TEST_CASE("a process may be destroyed by its own end") {
    Loop loop;
    std::unique_ptr<Process> process;
    bool ended = false;
    Process::Handlers handlers;
    handlers.on_line = [](Stream, std::string_view) {};
    handlers.on_end = [&](Ended) {
      process.reset();
      ended = true;
    };
    auto started = Process::spawn(loop.get(), {{"/bin/true"}, {}, true}, std::move(handlers));
    REQUIRE(started);
    process = std::move(*started);
    loop.run_until([&] { return ended; });
    CHECK(process == nullptr);
  }

  TEST_CASE("the end of a process may destroy it and start the next one, and is told of each") {
    Loop loop;
    std::unique_ptr<Process> process;
    std::vector<std::string> lines;
    int ends = 0;
    std::function<void()> start_next = [&] {
      process.reset();
      Process::Handlers handlers;
      handlers.on_line = [&](Stream, std::string_view line) { lines.emplace_back(line); };
      handlers.on_end = [&](Ended how) {
        CHECK(how.code == 3);
        if (++ends < 20) start_next();
      };
      auto started = Process::spawn(loop.get(), {shell("echo " + std::to_string(ends) + "; exit 3"), {}, true}, std::move(handlers));
      REQUIRE(started);
      process = std::move(*started);
    };
    start_next();
    loop.run_until([&] { return ends == 20; });
    REQUIRE(lines.size() == 20);
    for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i] == std::to_string(i));
  }

  TEST_CASE("a child has its streams, what was given to it, and no other descriptor") {
    Loop loop;
    const test::MemoryDirectory directory;
    const UniqueFd stray(::open("/dev/null", O_RDONLY));  // as left open by whoever started us
    std::vector<UniqueFd> files;
    std::vector<int> given;
    for (const char* const name : {"one", "two", "three"}) {
      files.emplace_back(::open((directory.path() + "/" + name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      given.insert(given.begin(), files.back().get());  // in another order than their numbers
    }
    Child child(loop, shell("for fd in /proc/self/fd/*; do echo ${fd##*/} $(readlink $fd); done"), given);
    CHECK(child.end().clean());
    std::string numbers;
    for (const std::string& line : child.output()) {
      const std::string number = line.substr(0, line.find(' '));
      if (line == number) continue;  // the shell's own look at the directory, closed by now
      numbers += number + " ";
      if (number == "4") CHECK(line == "4 " + directory.path() + "/three");
      if (number == "5") CHECK(line == "5 " + directory.path() + "/two");
      if (number == "6") CHECK(line == "6 " + directory.path() + "/one");
    }
    CHECK(numbers == "0 1 2 3 4 5 6 ");
  }

  TEST_CASE("a child begins without our signal mask and in a group of its own") {
    Loop loop;
    Child child(loop, shell("grep -E 'SigBlk|SigIgn' /proc/self/status; cut -d' ' -f5 /proc/$$/stat; echo $$"));
    CHECK(child.end().clean());
    REQUIRE(child.output().size() == 4);
    CHECK(child.output()[0].find("0000000000000000") != std::string::npos);
    CHECK(child.output()[2] == child.output()[3]);
  }

  TEST_CASE("hundreds of short lives leave no descriptor and no zombie behind") {
    Loop loop;
    const auto descriptors = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    Child(loop, {"/bin/true"}).end();
    loop.run_until([n = 0]() mutable { return ++n > 3; });
    const auto before = descriptors();
    for (int i = 0; i < 100; ++i) Child(loop, {"/bin/true"}).end();
    loop.run_until([n = 0]() mutable { return ++n > 3; });
    CHECK(descriptors() == before);
  }
}

}  // namespace steady::process
