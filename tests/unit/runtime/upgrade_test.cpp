#include "runtime/upgrade.hpp"

#include <doctest/doctest.h>
#include <steady/abi.h>

#include <random>
#include <utility>

#include "ipc/layout.hpp"

namespace steady::runtime {
namespace {

bool same(const Contract& one, const Contract& other) {
  return one.version == other.version && one.layout == other.layout && one.abi == other.abi;
}

}  // namespace

TEST_SUITE("runtime/upgrade") {
  TEST_CASE("what is no contract is refused, and the refusal asks what that program is") {
    const char* const texts[] = {"",
                                 "null",
                                 "1",
                                 "[]",
                                 "{}",
                                 "usage: steadyd [OPTIONS]",
                                 R"({"version":"1.0","layout":2})",
                                 R"({"version":"1.0","abi":1})",
                                 R"({"layout":2,"abi":1})",
                                 R"({"version":1,"layout":2,"abi":1})",
                                 R"({"version":null,"layout":2,"abi":1})",
                                 R"({"version":"1.0","layout":"2","abi":1})",
                                 R"({"version":"1.0","layout":2,"abi":[1]})",
                                 R"({"version":"1.0","layout":-1,"abi":1})",
                                 R"({"version":"1.0","layout":2,"abi":-1})",
                                 R"({"version":"1.0","layout":2.5,"abi":1})",
                                 R"({"version":"1.0","layout":true,"abi":true})",
                                 R"({"version":"1.0","layout":1e99,"abi":1})",
                                 R"({"version":"1.0","layout":18446744073709551616,"abi":1})",
                                 R"([{"version":"1.0","layout":2,"abi":1}])",
                                 R"({"version":"1.0","layout":2,"abi":1})"
                                 "}",
                                 "{\"version\":\"\xff\",\"layout\":2,\"abi\":1}"};
    for (const char* const text : texts) {
      CAPTURE(text);
      const auto parsed = parse_contract(text);
      REQUIRE_FALSE(parsed);
      CHECK(parsed.error().code == ErrorCode::Invalid);
      CHECK(parsed.error().message == "does not say what it is compatible with; is it a steadyd?");
    }
    CHECK_FALSE(parse_contract(std::string(100'000, '[')));
  }

  TEST_CASE("a contract with any byte changed or cut off is parsed or refused, never worse") {
    const std::string whole = print(own_contract());
    for (std::size_t length = 0; length < whole.size(); ++length) CHECK_FALSE(parse_contract(whole.substr(0, length)));
    constexpr std::uint32_t kSeed = 20;
    INFO("seed " << kSeed);
    std::mt19937 dice(kSeed);
    for (int round = 0; round < 5000; ++round) {
      std::string text = whole;
      for (auto changes = 1 + dice() % 3; changes != 0; --changes)
        text[dice() % text.size()] = static_cast<char>(dice());
      const auto parsed = parse_contract(text);
      if (!parsed) CHECK(parsed.error().code == ErrorCode::Invalid);
    }
  }

  TEST_CASE("another layout or plugin contract is refused with both sides named") {
    const Contract running{"1.0", 2, 1};
    const auto layout = compatible(running, {"2.0", 3, 1});
    REQUIRE_FALSE(layout);
    CHECK(layout.error().code == ErrorCode::Incompatible);
    CHECK(layout.error().message.starts_with("steadyd 2.0 has segment layout 3, the running 1.0 has 2: "));
    const auto abi = compatible(running, {"0.9", 2, 0});
    REQUIRE_FALSE(abi);
    CHECK(abi.error().code == ErrorCode::Incompatible);
    CHECK(abi.error().message.starts_with("steadyd 0.9 has plugin contract 0, the running 1.0 has 1: "));
  }

  TEST_CASE("another version alone is no obstacle, older or newer") {
    CHECK(compatible({"1.0", 2, 1}, {"2.0", 2, 1}));
    CHECK(compatible({"2.0", 2, 1}, {"1.0", 2, 1}));
  }

  TEST_CASE("what is printed is parsed again, and more keys of a later version do no harm") {
    for (const Contract& contract : {own_contract(), Contract{"", 0, 0}, Contract{"1.0 \"rc\"", ~0ULL, ~0ULL}}) {
      const auto parsed = parse_contract(print(contract));
      REQUIRE(parsed);
      CHECK(same(*parsed, contract));
    }
    const auto later = parse_contract(R"({"version":"9.0","layout":2,"abi":1,"colour":"red"})");
    REQUIRE(later);
    CHECK(same(*later, {"9.0", 2, 1}));
  }

  TEST_CASE("steadyd's own contract names the segments and plugins that it was built with") {
    CHECK(own_contract().layout == ipc::kLayoutVersion);
    CHECK(own_contract().abi == STEADY_ABI_VERSION);
    CHECK_FALSE(own_contract().version.empty());
    CHECK(compatible(own_contract(), own_contract()));
  }
}

}  // namespace steady::runtime
