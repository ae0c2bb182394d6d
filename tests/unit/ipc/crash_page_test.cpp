#include "ipc/crash_page.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <thread>

namespace steady::ipc {
namespace {

/// A page with both ends of it, as steadyd and a worker have it.
struct Bench {
  Bench() {
    auto made = create_crash_page();
    REQUIRE(made);
    fd = std::move(*made);
    auto mapped = map_crash_page(fd.get());
    REQUIRE(mapped);
    page = *mapped;
    auto opened = CrashView::open(fd.get());
    REQUIRE(opened);
    view = std::move(*opened);
  }
  void set_state(std::uint64_t state) const { page->state.store(state, std::memory_order_release); }
  void complete() const { set_state(static_cast<std::uint64_t>(CrashState::Complete)); }
  void set_maps(const std::string& text) const {
    std::memcpy(page->maps, text.data(), text.size());
    page->maps_bytes = text.size();
  }

  UniqueFd fd;
  CrashPage* page = nullptr;
  CrashView view;
};

}  // namespace

TEST_SUITE("ipc/crash_page") {
  TEST_CASE("a page that nobody wrote has no report") {
    const Bench bench;
    CHECK(bench.view.state() == CrashState::Empty);
    CHECK_FALSE(bench.view.report());
  }

  TEST_CASE("a report appears once it is complete") {
    const Bench bench;
    bench.page->sequence.store(3);
    bench.page->signal = SIGSEGV;
    bench.page->code = static_cast<std::uint64_t>(SI_TKILL);  // a negative number
    bench.page->fault_address = 0x10;
    bench.page->actor = 3;
    bench.page->frame_count = 2;
    bench.page->frames[0] = 11;
    bench.page->frames[1] = 12;
    bench.set_maps("1000-2000 r-xp 0 08:01 7 /a\n");
    bench.set_state(static_cast<std::uint64_t>(CrashState::Writing));
    CHECK_FALSE(bench.view.report());
    bench.complete();
    const auto report = bench.view.report();
    REQUIRE(report);
    CHECK(report->sequence == 3);
    CHECK(report->signal == SIGSEGV);
    CHECK(report->code == SI_TKILL);
    CHECK(report->fault_address == 0x10);
    CHECK(report->actor == 2);
    CHECK(report->frames == std::vector<std::uint64_t>{11, 12});
    CHECK(report->maps == "1000-2000 r-xp 0 08:01 7 /a\n");
  }

  TEST_CASE("a thread that is no actor's has no index") {
    const Bench bench;
    bench.complete();
    CHECK_FALSE(bench.view.report()->actor);
  }

  TEST_CASE("counts beyond the page are cut to what is there") {
    const Bench bench;
    bench.page->frame_count = 0xffffffffffffffff;
    bench.page->maps_bytes = 0xffffffffffffffff;
    bench.page->signal = 0x100000000b;
    std::memset(bench.page->maps, '\n', sizeof bench.page->maps);
    bench.complete();
    const auto report = bench.view.report();
    REQUIRE(report);
    CHECK(report->frames.size() == kCrashFramesMax);
    CHECK(report->maps.size() == kCrashMapsBytes);
    CHECK(report->signal == 0);
  }

  TEST_CASE("maps end with a whole line and are printable") {
    const Bench bench;
    bench.set_maps("a\x1b[31m\tb\n" + std::string(1, '\0') + "\xff\nhalf a li");
    bench.complete();
    CHECK(bench.view.report()->maps == "a?[31m?b\n??\n");
    bench.set_maps("no line at all");
    CHECK(bench.view.report()->maps.empty());
  }

  TEST_CASE("a state that does not exist is none") {
    const Bench bench;
    for (const std::uint64_t state : {std::uint64_t{3}, std::uint64_t{0xffffffffffffffff}}) {
      bench.set_state(state);
      CHECK(bench.view.state() == CrashState::Empty);
      CHECK_FALSE(bench.view.report());
    }
  }

  TEST_CASE("nobody can shrink the page or make it grow") {
    const Bench bench;
    CHECK(::ftruncate(bench.fd.get(), 0) != 0);
    CHECK(::ftruncate(bench.fd.get(), 1 << 20) != 0);
  }

  TEST_CASE("a file that is no crash page is refused") {
    const UniqueFd empty(::memfd_create("empty", MFD_CLOEXEC));
    CHECK(CrashView::open(empty.get()).error().code == ErrorCode::Corrupt);
    const Bench bench;
    bench.page->header.kind = SegmentKind::Ring;
    CHECK(CrashView::open(bench.fd.get()).error().code == ErrorCode::Corrupt);
    CHECK(map_crash_page(bench.fd.get()).error().code == ErrorCode::Corrupt);
  }

  TEST_CASE("a header without a page behind it is refused") {
    const Bench bench;
    SegmentHeader header = bench.page->header;
    header.size_bytes = kPage;
    const UniqueFd small(::memfd_create("small", MFD_CLOEXEC));
    REQUIRE(::ftruncate(small.get(), kPage) == 0);
    REQUIRE(::pwrite(small.get(), &header, sizeof header, 0) == sizeof header);
    CHECK(CrashView::open(small.get()).error().code == ErrorCode::Corrupt);
  }

  TEST_CASE("a report that is overwritten while it is read is whole or none") {
    const Bench bench;
    std::atomic<bool> stop{false};
    // As the worker's handler does; every word of a report is its number.
    std::thread worker([&] {
      for (std::uint64_t number = 1; !stop; ++number) {
        CrashPage& page = *bench.page;
        page.state.store(static_cast<std::uint64_t>(CrashState::Writing), std::memory_order_relaxed);
        page.sequence.store(number, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        page.frame_count = kCrashFramesMax;
        for (std::uint64_t& frame : page.frames) frame = number;
        bench.complete();
      }
    });
    int whole = 0;
    int torn = 0;
    for (int i = 0; i < 20'000 || whole == 0; ++i) {
      const auto report = bench.view.report();
      if (!report) continue;
      ++whole;
      for (const std::uint64_t frame : report->frames) torn += frame != report->sequence ? 1 : 0;
    }
    stop = true;
    worker.join();
    CHECK(torn == 0);
  }

  TEST_CASE("whatever a hostile worker writes, the copy is within bounds") {
    const Bench bench;
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 500; ++i) {
      auto* const bytes = reinterpret_cast<unsigned char*>(bench.page);
      for (std::size_t at = sizeof(SegmentHeader); at < sizeof(CrashPage); at += 1 + random() % 64)
        bytes[at] = static_cast<unsigned char>(random());
      bench.complete();
      const auto report = bench.view.report();
      REQUIRE(report);
      REQUIRE(report->frames.size() <= kCrashFramesMax);
      REQUIRE(report->maps.size() <= kCrashMapsBytes);
      REQUIRE((report->maps.empty() || report->maps.back() == '\n'));
      REQUIRE((report->signal >= 0 && report->signal < NSIG));
    }
  }
}

}  // namespace steady::ipc
