#include "observe/listen.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace steady;
using namespace steady::observe;

TEST_SUITE("observe/listen") {
  TEST_CASE("an address is an IP literal with a port") {
    for (const char* text : {"127.0.0.1:9900", "0.0.0.0:0", "[::1]:9900", "[::]:65535"}) {
      INFO(std::string(text));
      CHECK(parse_listen(text).has_value());
    }
    for (const char* text :
         {"", "127.0.0.1", "127.0.0.1:", ":9900", "localhost:80", "::1:80", "[::1]", "[::1", "1.2.3:80",
          "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:80x", "[127.0.0.1]:80", "1.2.3.4:80:80"}) {
      INFO(std::string(text));
      const auto address = parse_listen(text);
      REQUIRE_FALSE(address.has_value());
      CHECK(address.error().code == ErrorCode::Invalid);
    }
  }

  TEST_CASE("loopback is known in both families") {
    CHECK(parse_listen("127.0.0.1:1")->loopback);
    CHECK(parse_listen("127.9.9.9:1")->loopback);
    CHECK(parse_listen("[::1]:1")->loopback);
    CHECK_FALSE(parse_listen("0.0.0.0:1")->loopback);
    CHECK_FALSE(parse_listen("[::]:1")->loopback);
  }

  TEST_CASE("a host that a foreign page could not forge is safe") {
    for (const char* host : {"localhost", "LocalHost:9900", "127.0.0.1:9900", "10.1.2.3", "[::1]", "[::1]:9900"}) {
      INFO(std::string(host));
      CHECK(is_safe_host(host));
    }
    for (const char* host :
         {"", "evil.example", "evil.example:9900", "localhost.evil.example", "127.0.0.1.evil.example", "[localhost]",
          "[::1", "localhost:port", "localhost:9900@evil.example"}) {
      INFO(std::string(host));
      CHECK_FALSE(is_safe_host(host));
    }
  }
}
