#include "observe/http.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/loop_thread.hpp"
#include "support/peer.hpp"
#include "support/text.hpp"

using namespace steady;
using namespace steady::observe;
using namespace std::chrono_literals;
using test::contains;

namespace {

constexpr std::size_t kLargeBytes = 32 * 1024 * 1024;

Response respond(const Request& request) {
  if (request.path == "/throw") throw std::runtime_error("a bug");
  Response response;
  response.stream = request.path == "/stream";
  response.body = request.path == "/large" ? std::string(kLargeBytes, 'x') : request.path + '?' + request.query;
  return response;
}

/// A server on its own loop. Members are destroyed from the last: first the server, then the loop.
struct Site {
  explicit Site(HttpLimits limits = {}, const std::string& listen = "127.0.0.1:0") {
    const auto handler = [this](const Request& request) {
      if (request.path == "/publish") server->publish(request.query + '\n');
      if (request.path == "/publish_large") server->publish(std::string(kLargeBytes, 'y'));
      return respond(request);
    };
    auto created = HttpServer::create(thread.loop(), listen, handler, limits);
    REQUIRE(created.has_value());
    server = std::move(*created);
    thread.start();
  }
  ~Site() { thread.stop(); }

  test::LoopThread thread;
  std::unique_ptr<HttpServer> server;
};

sockaddr_in address_of(const Site& site) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(site.server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

struct Peer : test::Peer {
  explicit Peer(const Site& site) : test::Peer(address_of(site)) { REQUIRE(connected()); }
};

std::string ask(const Site& site, const std::string& request) {
  Peer peer(site);
  peer.send(request);
  return peer.read_all();
}

std::string get(const Site& site, const std::string& target) {
  return ask(site, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
}

}  // namespace

TEST_SUITE("observe/http") {
  TEST_CASE("GET answers with the handler's body and careful headers") {
    const Site site;
    const auto answer = get(site, "/a%20b?x=1&y=%41");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.ends_with("\r\n\r\n/a%20b?x=1&y=%41"));
    CHECK(contains(answer, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(contains(answer, "Content-Security-Policy: default-src 'self'"));
  }

  TEST_CASE("HEAD answers as GET does, without the body") {
    const Site site;
    const auto answer = ask(site, "HEAD /abc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(contains(answer, "Content-Length: 5\r\n"));
    CHECK(answer.ends_with("\r\n\r\n"));
  }

  TEST_CASE("other methods are refused, with the allowed ones named") {
    const Site site;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE", "get"}) {
      INFO(std::string(method));
      const auto answer =
          ask(site, std::string(method) + " / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
      CHECK(answer.starts_with("HTTP/1.1 405 "));
      CHECK(contains(answer, "Allow: GET, HEAD\r\n"));
      CHECK_FALSE(contains(answer.substr(1), "HTTP/1.1"));  // the body was not taken for a second request
    }
  }

  TEST_CASE("one connection serves one request after the other") {
    const Site site;
    const auto answer = ask(site,
                            "GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            "GET /two HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(contains(answer, "/one?"));
    CHECK(answer.ends_with("/two?"));
  }

  TEST_CASE("a body that comes with GET is skipped") {
    const Site site;
    const auto answer = ask(site,
                            "GET /one HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody"
                            "GET /two HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(contains(answer, "/one?"));
    CHECK(answer.ends_with("/two?"));
  }

  TEST_CASE("on loopback, a name that a foreign page may have re-pointed here is refused") {
    const Site site;
    const auto with_host = [&](const std::string& host) {
      return ask(site, "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    };
    CHECK(with_host("evil.example").starts_with("HTTP/1.1 421 "));
    CHECK(with_host("evil.example:80").starts_with("HTTP/1.1 421 "));
    CHECK(with_host("localhost:9900").starts_with("HTTP/1.1 200 "));
    CHECK(with_host("127.0.0.1").starts_with("HTTP/1.1 200 "));
    CHECK(with_host("[::1]:80").starts_with("HTTP/1.1 200 "));
  }

  TEST_CASE("on a public address any host name is served") {
    const Site site({}, "0.0.0.0:0");
    CHECK(
        ask(site, "GET / HTTP/1.1\r\nHost: metrics.example\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 "));
  }

  TEST_CASE("an exception in the handler is a 500, and the next request is served") {
    const Site site;
    CHECK(get(site, "/throw").starts_with("HTTP/1.1 500 "));
    CHECK(get(site, "/").starts_with("HTTP/1.1 200 "));
  }

  TEST_CASE("garbage is answered with an error or nothing, and the next request is served") {
    const Site site;
    const std::string garbage[] = {"\r\n\r\n\r\n",
                                   std::string(40000, 'A'),
                                   "GET\r\n\r\n",
                                   "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
                                   "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                                   "GET / HTTP/1.1\r\n" + std::string(30000, 'h') + ": 1\r\n\r\n",
                                   "GET /" + std::string(30000, 'p') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                   std::string("\x16\x03\x01\x00\xff\x00\x00", 7) + std::string(200, '\0'),
                                   "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"};
    for (const auto& bytes : garbage) {
      INFO(bytes.substr(0, 60));
      Peer peer(site);
      peer.send(bytes);
      peer.send("\r\n\r\n");
      CHECK(get(site, "/").starts_with("HTTP/1.1 200 "));
    }
    CHECK(ask(site, "GET / HTTP/9.9\r\nHost: localhost\r\nConnection: close\r\n\r\n").find(" 200 ") ==
          std::string::npos);
  }

  TEST_CASE("fifty idle and ten slow clients do not keep a scrape waiting") {
    const Site site;
    std::vector<std::unique_ptr<Peer>> idle, slow;
    for (int i = 0; i < 50; ++i) idle.push_back(std::make_unique<Peer>(site));
    for (int i = 0; i < 10; ++i) slow.push_back(std::make_unique<Peer>(site));
    for (const char letter : std::string("GET / HTTP/1.1\r\nX: ")) {
      for (auto& peer : slow) CHECK(peer->send(std::string(1, letter)));
      REQUIRE(get(site, "/metrics").ends_with("/metrics?"));
    }
  }

  TEST_CASE("clients that do not read large answers do not keep a scrape waiting") {
    const Site site;
    std::vector<std::unique_ptr<Peer>> stuck;
    for (int i = 0; i < 4; ++i) {
      stuck.push_back(std::make_unique<Peer>(site));
      stuck.back()->send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    for (int i = 0; i < 20; ++i) REQUIRE(get(site, "/metrics").ends_with("/metrics?"));
  }

  TEST_CASE("a large answer arrives whole") {
    const Site site;
    const auto answer = get(site, "/large");
    CHECK(answer.size() > kLargeBytes);
    CHECK(answer.ends_with(std::string(1000, 'x')));
  }

  TEST_CASE("a client that never finishes its request is cut off, however busily it sends") {
    const Site site({.request_time = 200ms});
    Peer slow(site);
    slow.send("GET / HTTP/1.1\r\n");
    bool cut_off = false;
    for (int i = 0; i < 1000 && !cut_off; ++i) {
      cut_off = !slow.send("X: y\r\n");
      std::this_thread::sleep_for(20ms);
    }
    CHECK(cut_off);
  }

  TEST_CASE("a silent client is cut off") {
    const Site site({.request_time = 50ms});
    Peer silent(site);
    CHECK(silent.read_all().empty());
  }

  TEST_CASE("a client that does not take its answer is cut off") {
    const Site site({.answer_time = 50ms});
    Peer stuck(site);
    stuck.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::this_thread::sleep_for(1500ms);
    CHECK(stuck.read_all().size() < kLargeBytes);
  }

  TEST_CASE("when all connections are taken, the next client is served as soon as one is free") {
    const Site site({.connections = 4, .request_time = 300ms});
    std::vector<std::unique_ptr<Peer>> idle;
    for (int i = 0; i < 8; ++i) idle.push_back(std::make_unique<Peer>(site));
    CHECK(get(site, "/metrics").ends_with("/metrics?"));
  }

  TEST_CASE("a server that goes away hangs up on its clients") {
    auto site = std::make_unique<Site>();
    Peer idle(*site);
    Peer stuck(*site);
    stuck.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(get(*site, "/").starts_with("HTTP/1.1 200 "));
    site.reset();
    CHECK(idle.read_all().empty());
    CHECK_FALSE(stuck.read_all().ends_with("TIMEOUT"));
  }

  TEST_CASE("a stream begins with its body and goes on with what is published") {
    const Site site;
    Peer reader(site);
    reader.send("GET /stream?first HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(contains(reader.read_until("/stream?first"), "200 OK"));
    for (const std::string part : {"one", "two", "three"}) {
      CHECK(get(site, "/publish?" + part).starts_with("HTTP/1.1 200 "));
      CHECK_FALSE(contains(reader.read_until(part + '\n'), "TIMEOUT"));
    }
  }

  TEST_CASE("HEAD of a stream ends") {
    const Site site;
    const auto answer = ask(site, "HEAD /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(contains(answer, "TIMEOUT"));
  }

  TEST_CASE("a reader that does not take its stream misses parts, and keeps nobody waiting") {
    const Site site;
    Peer stuck(site);
    stuck.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Peer reader(site);
    reader.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK_FALSE(contains(reader.read_until("/stream?"), "TIMEOUT"));
    for (int i = 0; i < 4; ++i) REQUIRE(get(site, "/publish_large").starts_with("HTTP/1.1 200 "));
    REQUIRE(get(site, "/publish?last").starts_with("HTTP/1.1 200 "));
    CHECK_FALSE(contains(reader.read_until("last\n"), "TIMEOUT"));
    const auto late = stuck.read_until("last\n");
    CHECK(late.size() < 3 * kLargeBytes);
    CHECK(late.ends_with("last\n\r\n"));
  }

  TEST_CASE("a reader that hangs up makes room for another") {
    const Site site({.streams = 1});
    auto first = std::make_unique<Peer>(site);
    first->send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK_FALSE(contains(first->read_until("/stream?"), "TIMEOUT"));
    CHECK(get(site, "/stream").starts_with("HTTP/1.1 503 "));
    first.reset();
    std::string answer;
    while (!contains(answer, "200 OK") && !contains(answer, "TIMEOUT")) {
      REQUIRE(get(site, "/publish?x").starts_with("HTTP/1.1 200 "));  // who hung up is noticed when something is sent
      Peer second(site);
      second.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
      answer = second.read_until("\r\n\r\n");
    }
    CHECK(contains(answer, "200 OK"));
  }

  TEST_CASE("a reader that never takes its part is cut off") {
    const Site site({.answer_time = 50ms});
    Peer stuck(site);
    stuck.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK_FALSE(contains(stuck.read_until("/stream?"), "TIMEOUT"));
    REQUIRE(get(site, "/publish_large").starts_with("HTTP/1.1 200 "));
    std::this_thread::sleep_for(1500ms);
    CHECK(stuck.read_all().size() < kLargeBytes);
  }

  TEST_CASE("a server with open streams goes away") {
    auto site = std::make_unique<Site>();
    Peer reader(*site);
    reader.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK_FALSE(contains(reader.read_until("/stream?"), "TIMEOUT"));
    site.reset();
    CHECK_FALSE(reader.read_all().ends_with("TIMEOUT"));
  }

  TEST_CASE("a port in use is refused by the name of the address") {
    const Site site;
    test::LoopThread other;
    const auto address = "127.0.0.1:" + std::to_string(site.server->port());
    const auto second = HttpServer::create(other.loop(), address, respond);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::Busy);
    CHECK(contains(second.error().message, address));
  }

  TEST_CASE("what is no address is refused") {
    test::LoopThread thread;
    const auto server = HttpServer::create(thread.loop(), "localhost", respond);
    REQUIRE_FALSE(server.has_value());
    CHECK(server.error().code == ErrorCode::Invalid);
  }

  TEST_CASE("an IPv6 address is served where the machine has one") {
    test::LoopThread thread;
    const auto server = HttpServer::create(thread.loop(), "[::1]:0", respond);
    if (server)
      CHECK((*server)->port() != 0);
    else
      CHECK(server.error().code == ErrorCode::System);
  }
}
