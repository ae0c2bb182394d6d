#include "runtime/symbolizer.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "ipc/crash_page.hpp"
#include "process/process.hpp"
#include "process/stage.hpp"
#include "support/loop.hpp"
#include "symbols/maps.hpp"

namespace steady::runtime {
namespace {

using process::Ended;
using process::Process;
using records::StackFrame;
using test::Loop;

constexpr int kRuns = 30;
const std::string kSource = STEADY_FIXTURES "/programs/crasher.cpp";
const std::string kCrasher = STEADY_PROGRAMS "/crasher";
const std::string kSymbols = STEADY_BIN "/steadyd-symbols";

/// A crasher with its page.
struct Crasher {
  Crasher(Loop& on, const std::string& way, const UniqueFd* program = nullptr) : loop(on) {
    auto made = ipc::create_crash_page();
    REQUIRE(made);
    fd = std::move(*made);
    auto opened = ipc::CrashView::open(fd.get());
    REQUIRE(opened);
    view = std::move(*opened);
    process::Spawn spawn;
    spawn.command = {program == nullptr ? kCrasher : "/proc/self/fd/5", way};
    spawn.inherit = {fd.get()};
    if (program != nullptr) spawn.inherit.push_back(program->get());
    Process::Handlers handlers;
    handlers.on_line = [this](process::Stream, std::string_view line) { lines.emplace_back(line); };
    handlers.on_end = [this](Ended how) { ended = how; };
    auto started = Process::spawn(loop.get(), spawn, std::move(handlers));
    REQUIRE_MESSAGE(started, started.error().message);
    process = std::move(*started);
  }
  Ended end() {
    loop.run_until([&] { return ended.has_value(); });
    return *ended;
  }

  Loop& loop;
  UniqueFd fd;
  ipc::CrashView view;
  std::vector<std::string> lines;
  std::optional<Ended> ended;
  std::unique_ptr<Process> process;
};

/// The line of the source where this way of dying is marked.
unsigned marked_line(const std::string& way) {
  std::ifstream file(kSource);
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number)
    if (line.ends_with("DIES: " + way)) return number;
  return 0;
}

std::vector<StackFrame> ask(Loop& loop, Symbolizer& symbolizer, const ipc::CrashReport& report,
                            const std::vector<ModuleFile>& files = {}) {
  std::optional<std::vector<StackFrame>> answer;
  symbolizer.ask(report, files, [&](std::vector<StackFrame> frames) { answer = std::move(frames); });
  loop.run_until([&] { return answer.has_value(); });
  return *answer;
}

std::string text(const std::vector<StackFrame>& frames) {
  std::ostringstream out;
  for (const StackFrame& frame : std::span(frames).first(std::min<std::size_t>(frames.size(), 12)))
    out << std::hex << frame.address << std::dec << ' ' << frame.function << ' ' << frame.file << ':' << frame.line
        << ' ' << frame.module << '\n';
  return out.str();
}

/// The first frame in the program itself: those before it are of libraries, or nowhere.
StackFrame top_of(const std::vector<StackFrame>& frames) {
  for (const StackFrame& frame : frames)
    if (frame.module == "crasher") return frame;
  return {};
}

void check_top(const std::vector<StackFrame>& frames, const std::string& way, const std::string& function) {
  CAPTURE(text(frames));
  const StackFrame top = top_of(frames);
  CHECK(top.function.find(function) != std::string::npos);
  CHECK(top.file.ends_with("tests/fixtures/programs/crasher.cpp"));
  if (way == "overflows") {  // it dies where it takes the room, a few lines above the call
    CHECK(top.line + 5 >= marked_line(way));
    CHECK(top.line <= marked_line(way));
  } else {
    CHECK(top.line == marked_line(way));
  }
}

struct Way {
  std::string name;
  int signal;
  std::string marked_as{};  ///< if not as the name
  std::string function{};   ///< part of its name, if not as the mark; of a lambda that was inlined there is not more
  std::size_t actor = 0;    ///< index plus 1
};

const std::vector<Way> kWays{{"null_write", SIGSEGV},
                             {"null_call", SIGSEGV},
                             {"wild_call", SIGSEGV},
                             {"data_call", SIGSEGV},
                             {"aborts", SIGABRT},
                             {"throws", SIGABRT},
                             {"overflows", SIGSEGV},
                             {"divides", SIGFPE},
                             {"illegal", SIGILL},
                             {"trap", SIGTRAP},
                             {"malloc_lock", SIGABRT},
                             {"dl_lock", SIGSEGV, "dl_lock", "crasher::visit("},
                             {"smashed", SIGSEGV},
                             {"second_thread", SIGSEGV, "second_thread", "operator()", 6},
                             {"thread_overflows", SIGSEGV, "overflows", "crasher::overflows(", 6},
                             {"two_at_once", SIGSEGV, "two_at_once", "operator()"}};

}  // namespace

TEST_SUITE("runtime/symbolizer") {
  TEST_CASE("each way to die is reported with its function and line, every time") {
    Loop loop;
    {
      Symbolizer symbolizer(loop.get(), kSymbols);
      for (const Way& way : kWays) {
#if defined(__SANITIZE_ADDRESS__)
        if (way.name == "malloc_lock") continue;  // its allocator keeps its data elsewhere
#endif
        const std::string mark = way.marked_as.empty() ? way.name : way.marked_as;
        for (int run = 0; run < kRuns; ++run) {
          CAPTURE(way.name);
          CAPTURE(run);
          Crasher crasher(loop, way.name);
          CHECK(crasher.end().signal == way.signal);
          const auto report = crasher.view.report();
          REQUIRE(report);
          CHECK(report->signal == way.signal);
          CHECK(report->actor.value_or(static_cast<std::size_t>(-1)) + 1 == way.actor);
          const std::string function = way.function.empty() ? "crasher::" + mark + "(" : way.function;
          check_top(ask(loop, symbolizer, *report), mark, function);
        }
      }
      MESSAGE("processes for " << kWays.size() * kRuns << " stacks: " << symbolizer.started_count());
    }
  }

  TEST_CASE("a function that ends with the call that dies is in the stack") {
    Loop loop;
    {
      Symbolizer symbolizer(loop.get(), kSymbols);
      Crasher crasher(loop, "last_call");
      crasher.end();
      const auto report = crasher.view.report();
      REQUIRE(report);
      const auto frames = ask(loop, symbolizer, *report);
      REQUIRE(frames.size() > 2);
      CHECK(frames[0].function == "crasher::null_write()");
      CHECK(frames[1].function == "crasher::last_call()");
    }
  }

  TEST_CASE("a report that crashes or hangs does not keep the process from dying of its signal") {
    Loop loop;
    for (const char* const way : {"report_crashes", "report_hangs"}) {
      CAPTURE(way);
      Crasher crasher(loop, way);
      CHECK(crasher.end().signal == SIGSEGV);
      CHECK(crasher.view.state() == ipc::CrashState::Writing);
      CHECK_FALSE(crasher.view.report());
    }
  }

  TEST_CASE("the report says what was at fault") {
    Loop loop;
    Crasher write(loop, "null_write");
    write.end();
    CHECK(write.view.report()->fault_address == 0);
    CHECK(write.view.report()->code == SEGV_MAPERR);
    Crasher wild(loop, "wild_call");
    wild.end();
    CHECK(wild.view.report()->fault_address == 0x123456789000);
    CHECK(wild.view.report()->frames.at(0) == 0x123456789000);
    Crasher aborts(loop, "aborts");
    aborts.end();
    CHECK(aborts.view.report()->fault_address == 0);
  }

  TEST_CASE("a thread that hangs tells its stack and goes on") {
    Loop loop;
    {
      Symbolizer symbolizer(loop.get(), kSymbols);
      for (const auto& [way, function] : {std::pair<std::string, std::string>{"spins", "spins"},
                                          {"blocks", "wait_for_word"}}) {
        for (int run = 0; run < kRuns; ++run) {
          CAPTURE(way);
          CAPTURE(run);
          Crasher crasher(loop, way);
          loop.run_until([&] { return !crasher.lines.empty(); });
          const int thread = std::stoi(crasher.lines[0]);
          std::optional<ipc::CrashReport> report;
          for (std::uint64_t request = 1; request <= 2; ++request) {  // the second overwrites the first
            REQUIRE(::syscall(SYS_tgkill, crasher.process->pid(), thread, ipc::kStackSignal) == 0);
            loop.run_until([&] {
              report = crasher.view.report();
              return report && report->sequence == request;
            });
          }
          CHECK(report->signal == ipc::kStackSignal);
          const auto frames = ask(loop, symbolizer, *report);
          CAPTURE(text(frames));
          CHECK(std::any_of(frames.begin(), frames.end(), [&](const StackFrame& frame) {
            return frame.function == "crasher::" + function + "()" && frame.line == marked_line(way);
          }));
          crasher.process->send("x");
          CHECK(crasher.end().clean());
        }
      }
    }
  }

  TEST_CASE("a program in sealed memory is read through its descriptor") {
    Loop loop;
    {
      Symbolizer symbolizer(loop.get(), kSymbols);
      auto program = process::stage(kCrasher);
      REQUIRE(program);
      Crasher crasher(loop, "null_write", &*program);
      CHECK(crasher.end().signal == SIGSEGV);
      const auto report = crasher.view.report();
      REQUIRE(report);
      check_top(ask(loop, symbolizer, *report, {{"/memfd:crasher (deleted)", program->get()}}), "null_write",
                "crasher::null_write()");
    }
  }

  TEST_CASE("a stack that was seen before costs no process, wherever it was mapped") {
    Loop loop;
    {
      Symbolizer symbolizer(loop.get(), kSymbols);
      std::vector<std::string> functions[2];
      for (auto& seen : functions) {
        Crasher crasher(loop, "null_write");
        crasher.end();
        const auto report = crasher.view.report();
        REQUIRE(report);
        const auto frames = ask(loop, symbolizer, *report);
        CHECK(frames[0].address == report->frames[0]);
        CHECK(frames.back().address == report->frames.back());
        for (const StackFrame& frame : frames) seen.push_back(frame.function);
      }
      CHECK(functions[0] == functions[1]);
      CHECK(symbolizer.started_count() == 1);
    }
  }

  TEST_CASE("without steadyd-symbols addresses and modules are left") {
    Loop loop;
    {
      const ipc::CrashReport report{1, SIGSEGV, 0, 0, {}, {0x1500, 0x9000}, "1000-2000 r-xp 0 08:01 7 /usr/lib/a.so\n"};
      for (const char* const executable : {"/nonexistent", "/bin/false", "/bin/true"}) {
        Symbolizer symbolizer(loop.get(), executable);
        const auto frames = ask(loop, symbolizer, report);
        REQUIRE(frames.size() == 2);
        CHECK(frames[0].address == 0x1500);
        CHECK(frames[0].module == "a.so");
        CHECK(frames[0].function.empty());
        CHECK(frames[1].module.empty());
      }
    }
  }

  TEST_CASE("one that does not answer is ended, and the next has its turn") {
    Loop loop;
    {
      Symbolizer symbolizer(loop.get(), kCrasher, std::chrono::milliseconds(50));
      std::size_t answers = 0;
      for (std::uint64_t i = 0; i < 3; ++i)
        symbolizer.ask({1, SIGSEGV, 0, 0, {}, {i}, ""}, {}, [&](const std::vector<StackFrame>&) { ++answers; });
      CHECK(answers == 0);
      loop.run_until([&] { return answers == 3; });
      CHECK(symbolizer.started_count() == 3);
    }
  }

  TEST_CASE("too many stacks at once stay without names") {
    Loop loop;
    {
      Symbolizer symbolizer(loop.get(), kSymbols);
      std::size_t answers = 0;
      const std::string maps = "1000-2000 r-xp 0 08:01 7 /nonexistent\n";
      for (std::uint64_t i = 0; i < 20; ++i)
        symbolizer.ask({1, SIGSEGV, 0, 0, {}, {0x1100 + i}, maps}, {},
                       [&](const std::vector<StackFrame>&) { ++answers; });
      CHECK(answers == 4);
      loop.run_until([&] { return answers == 20; });
      CHECK(symbolizer.started_count() == 16);
    }
  }

  TEST_CASE("destroying it ends the process and forgets who asked") {
    Loop loop;
    bool answered = false;
    {
      Symbolizer symbolizer(loop.get(), kSymbols);
      symbolizer.ask({1, SIGSEGV, 0, 0, {}, {1}, ""}, {}, [&](const std::vector<StackFrame>&) { answered = true; });
    }
    uv_run(loop.get(), UV_RUN_NOWAIT);
    CHECK_FALSE(answered);
  }
}

TEST_SUITE("runtime/symbols") {
  TEST_CASE("lines of maps that make no sense are left out") {
    const auto ranges = symbols::parse_maps(
        "1000-2000 r-xp 00003000 08:01 42                         /usr/lib/a b.so\n"
        "\n-\nx-y r-xp 0 0 0 /b\n3000-2000 r-xp 0 0 0 /c\n5000-6000 rw-p 0 0 0 /d\n"
        "7000-8000 r-xp 0 00:01 9 /memfd:e.so (deleted)\n9000-a000 r-xp 0 0 0 [vdso]\nb000-c000 r-xp");
    REQUIRE(ranges.size() == 3);
    CHECK(ranges[0].path == "/usr/lib/a b.so");
    CHECK(ranges[0].file_offset == 0x3000);
    CHECK(symbols::module_name(ranges[0].path) == "a b.so");
    CHECK(symbols::module_name(ranges[1].path) == "e.so");
    CHECK(symbols::module_name(ranges[2].path) == "[vdso]");
    CHECK(symbols::find_range(ranges, 0x1fff) == &ranges[0]);
    CHECK(symbols::find_range(ranges, 0x2000) == nullptr);
  }

  TEST_CASE("a request survives its line, and addresses may be text") {
    const symbols::Request request{{1, 0xffffffffffffffff}, "a\nb\n", {{"/memfd:x (deleted)", 4}}};
    const auto read = symbols::parse_request(symbols::print(request));
    REQUIRE(read);
    CHECK(read->frames == request.frames);
    CHECK(read->maps == request.maps);
    CHECK(read->files.at(0).fd == 4);
    const auto pasted = symbols::parse_request(R"({"frames":["0x10","ff"],"maps":""})");
    REQUIRE(pasted);
    CHECK(pasted->frames == std::vector<std::uint64_t>{16, 255});
  }

  TEST_CASE("what is no request or no answer is refused") {
    for (const char* const line : {"", "{", "[]", "7", R"({"frames":7,"maps":""})", R"({"frames":[{}],"maps":""})",
                                   R"({"frames":[],"maps":7})"})
      CHECK_FALSE(symbols::parse_request(line));
    for (const char* const line : {"", "[]", R"({"frames":[{}]})", R"({"frames":[{"address":"x"}]})"})
      CHECK_FALSE(symbols::parse_answer(line));
  }
}

}  // namespace steady::runtime
