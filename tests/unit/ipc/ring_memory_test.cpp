#include "ipc/ring_memory.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cstdint>

#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;

constexpr std::uint64_t kMi = 1 << 20;

/// One channel of numbers whose ring has `ring_bytes`.
struct Bench : IpcBench {
  explicit Bench(std::uint64_t ring_bytes) {
    add_channel("a", {.capacity_bytes = ring_bytes, .message_bytes = 8, .message_hash = 1});
  }
  [[nodiscard]] Result<Mapping> map(const RingMemory& memory, Access access = Access::ReadWrite) const {
    const UniqueFd fd = open(segments.ring_path("a"), access == Access::ReadOnly ? O_RDONLY : O_RDWR);
    return map_ring(fd.get(), access, memory);
  }
};

std::uintptr_t address_of(const Mapping& mapping) { return reinterpret_cast<std::uintptr_t>(mapping.at<void>(0)); }

}  // namespace

TEST_SUITE("ipc/ring_memory") {
  TEST_CASE("a ring begins where huge pages can be mapped, once it has room for one") {
    const Bench bench(2 * kMi);
    for (const Access access : {Access::ReadOnly, Access::ReadWrite}) {
      const Mapping ring = test::must(bench.map({}, access));
      CHECK(address_of(ring) % kHugePage == 0);
      CHECK(ring.size_bytes() == kPage + 4 * kMi);
    }
  }

  TEST_CASE("both copies of the data are the same memory, in huge pages too") {
    for (const bool huge_pages : {false, true}) {
      const Bench bench(4 * kMi);
      const auto ring = bench.map({.huge_pages = huge_pages});
      if (!ring && huge_pages) continue;  // this kernel has none
      REQUIRE(ring.has_value());
      auto* const data = ring->at<unsigned char>(kPage);
      for (const std::size_t at : {std::size_t{0}, std::size_t{2 * kMi - kPage}, std::size_t{4 * kMi - 1}}) {
        data[at] = 7;
        CHECK(data[at + 4 * kMi] == 7);
        data[at + 4 * kMi] = 8;
        CHECK(data[at] == 8);
      }
    }
  }

  TEST_CASE("a ring that is smaller than a huge page is mapped as it is") {
    CHECK(Bench(kMi).map({.huge_pages = true}).has_value());
    CHECK(Bench(kPage).map({.huge_pages = true}).has_value());
  }

  TEST_CASE("a node that the kernel does not have is an error that names the key") {
    const auto ring = Bench(kPage).map({.numa = 1023});
    REQUIRE_FALSE(ring.has_value());
    CHECK(ring.error().message.starts_with("numa: mbind to node 1023: "));
  }
}

}  // namespace steady::ipc
