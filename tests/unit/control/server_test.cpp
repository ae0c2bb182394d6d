#include "control/server.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"
#include "control/ctl/client.hpp"
#include "support/loop_thread.hpp"
#include "support/peer.hpp"

using namespace steady;
using namespace steady::control;
using nlohmann::json;

namespace {

/// A directory of our own, removed with all that is in it.
struct Folder {
  Folder() {
    char name[] = "/tmp/steady-control-XXXXXX";
    path = ::mkdtemp(name);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string socket() const { return path + "/s.sock"; }
  std::string path;
};

Answer dispatch(const std::string& method, const json& params) {
  if (method == "echo") return params;
  if (method == "large") return json(std::string(8 * 1024 * 1024, 'x'));
  if (method == "refuse") return fail(ErrorCode::Busy, "not now");
  return unknown_method(method);
}

/// A server on its own loop. Members are destroyed from the last: first the server, then the loop.
struct Site {
  explicit Site(const std::string& path) {
    auto created = Server::create(thread.loop(), path, dispatch);
    REQUIRE(created.has_value());
    server = std::move(*created);
    thread.start();
  }
  ~Site() { thread.stop(); }
  test::LoopThread thread;
  std::unique_ptr<Server> server;
};

ErrorCode refusal(const std::string& path) {
  test::LoopThread thread;
  const auto server = Server::create(thread.loop(), path, dispatch);
  REQUIRE_FALSE(server.has_value());
  INFO(server.error().message);
  CHECK(server.error().message.find(path) != std::string::npos);
  return server.error().code;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

struct Peer : test::Peer {
  explicit Peer(const std::string& path) : test::Peer(address_of(path)) {}
};

std::string request(const std::string& method, int id) {
  return json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", {{"n", id}}}}.dump() + '\n';
}

long count_of(const std::string& text, const std::string& part) {
  long count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_SUITE("control/server") {
  TEST_CASE("a client gets the answer to its question") {
    const Folder folder;
    const Site site(folder.socket());
    auto client = Client::connect(folder.socket());
    REQUIRE(client.has_value());
    CHECK(client->call("echo", {{"actor", "a"}}).value() == json{{"actor", "a"}});
    CHECK(client->call("large", json::object()).value().get<std::string>().size() == 8 * 1024 * 1024);
    const auto refused = client->call("refuse", json::object());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::Invalid);
    CHECK(refused.error().message == "not now");
  }

  TEST_CASE("only the owner may open the socket file, and it is gone with the server") {
    const Folder folder;
    {
      const Site site(folder.socket());
      struct stat status {};
      REQUIRE(::lstat(folder.socket().c_str(), &status) == 0);
      CHECK(S_ISSOCK(status.st_mode));
      CHECK((status.st_mode & 0777) == 0600);
    }
    CHECK_FALSE(std::filesystem::exists(folder.socket()));
  }

  TEST_CASE("many requests in one piece are answered in order") {
    const Folder folder;
    const Site site(folder.socket());
    Peer peer(folder.socket());
    std::string all;
    for (int i = 0; i < 100; ++i) all += request("echo", i);
    peer.send(all + "\r\n  \n");
    peer.finish();
    const auto answers = peer.read_all();
    CHECK(count_of(answers, "\n") == 100);
    CHECK(answers.find("\"id\":0,") < answers.find("\"id\":99,"));
  }

  TEST_CASE("a request may arrive byte by byte") {
    const Folder folder;
    const Site site(folder.socket());
    Peer peer(folder.socket());
    for (const char c : request("echo", 1)) peer.send(std::string(1, c));
    peer.finish();
    CHECK(count_of(peer.read_all(), "\"result\"") == 1);
  }

  TEST_CASE("a client that has finished asking still gets a large answer whole") {
    const Folder folder;
    const Site site(folder.socket());
    Peer peer(folder.socket());
    peer.send(request("large", 1));
    peer.finish();
    const auto answer = peer.read_all();
    CHECK(answer.size() > 8 * 1024 * 1024);
    CHECK(answer.ends_with("\n"));
  }

  TEST_CASE("an unfinished request is dropped in silence") {
    const Folder folder;
    const Site site(folder.socket());
    Peer peer(folder.socket());
    peer.send("{\"jsonrpc\":");
    peer.finish();
    CHECK(peer.read_all().empty());
  }

  TEST_CASE("a line over the limit is refused and the connection closed") {
    const Folder folder;
    const Site site(folder.socket());
    Peer peer(folder.socket());
    std::thread writer([&] { peer.send(std::string(3 * 1024 * 1024, 'x')); });
    const auto answer = peer.read_all();
    writer.join();
    CHECK(answer.find("1048576 bytes") != std::string::npos);
    CHECK_FALSE(answer.ends_with("TIMEOUT"));
  }

  TEST_CASE("a client that asks and never reads is dropped, and others are served") {
    const Folder folder;
    const Site site(folder.socket());
    Peer greedy(folder.socket());
    for (int i = 0; i < 10; ++i) greedy.send(request("large", i));
    CHECK(Client::connect(folder.socket())->call("echo", json::object()).has_value());
    const auto answers = greedy.read_all();
    CHECK_FALSE(answers.ends_with("TIMEOUT"));
    CHECK(count_of(answers, "\n") < 10);
  }

  TEST_CASE("clients that hang up before their answer are forgotten") {
    const Folder folder;
    const Site site(folder.socket());
    for (int i = 0; i < 20; ++i) Peer(folder.socket()).send(request("large", 1) + request("echo", 2));
    CHECK(Client::connect(folder.socket())->call("echo", json::object()).has_value());
  }

  TEST_CASE("a server that goes away hangs up on its clients") {
    const Folder folder;
    auto site = std::make_unique<Site>(folder.socket());
    Peer idle(folder.socket());
    Peer stuck(folder.socket());
    stuck.send(request("large", 1));
    REQUIRE(Client::connect(folder.socket())->call("echo", json::object()).has_value());
    site.reset();
    CHECK(idle.read_all().empty());
    CHECK_FALSE(stuck.read_all().ends_with("TIMEOUT"));
  }

  TEST_CASE("another user is told so and closed, even if the file lets it in") {
    if (::geteuid() != 0) return;  // only root can become someone else
    const Folder folder;
    const Site site(folder.socket());
    std::filesystem::permissions(folder.path, std::filesystem::perms::all);
    std::filesystem::permissions(folder.socket(), std::filesystem::perms::all);
    std::string answer;
    bool connected = false;
    std::thread([&] {
      // The library's setresuid would change all threads; the system call changes this one.
      if (::syscall(SYS_setresuid, 65534, 65534, 65534) != 0) return;
      Peer stranger(folder.socket());
      connected = stranger.connected();
      stranger.send(request("echo", 1));
      answer = stranger.read_all();
    }).join();
    CHECK(connected);
    CHECK(answer.find("only root") != std::string::npos);
    CHECK(answer.find("result") == std::string::npos);
    CHECK_FALSE(answer.ends_with("TIMEOUT"));
  }

  TEST_CASE("the socket file of a dead daemon is replaced") {
    const Folder folder;
    {
      const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const auto address = address_of(folder.socket());
      REQUIRE(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    REQUIRE(std::filesystem::exists(folder.socket()));
    const Site site(folder.socket());
    CHECK(Client::connect(folder.socket())->call("echo", json::object()).has_value());
  }

  TEST_CASE("a live daemon keeps its socket") {
    const Folder folder;
    const Site site(folder.socket());
    CHECK(refusal(folder.socket()) == ErrorCode::Busy);
    CHECK(Client::connect(folder.socket())->call("echo", json::object()).has_value());
  }

  TEST_CASE("a file that is no socket is left alone") {
    const Folder folder;
    std::ofstream(folder.socket()) << "precious";
    CHECK(refusal(folder.socket()) == ErrorCode::Invalid);
    CHECK(std::filesystem::file_size(folder.socket()) == 8);
  }

  TEST_CASE("a socket file that another daemon has put there meanwhile is not removed") {
    const Folder folder;
    auto old_site = std::make_unique<Site>(folder.socket());
    std::filesystem::remove(folder.socket());
    const Site new_site(folder.socket());
    old_site.reset();
    CHECK(Client::connect(folder.socket())->call("echo", json::object()).has_value());
  }

  TEST_CASE("a path that the kernel would cut is refused") {
    const Folder folder;
    const auto room = 107 - folder.path.size() - 1;
    CHECK(refusal(folder.path + '/' + std::string(room + 1, 'p')) == ErrorCode::Invalid);
    const Site site(folder.path + '/' + std::string(room, 'p'));
  }

  TEST_CASE("a folder that does not exist is named") {
    const Folder folder;
    CHECK(refusal(folder.path + "/missing/s.sock") == ErrorCode::NotFound);
  }

  TEST_CASE("a client without a daemon learns which path it tried") {
    const auto client = Client::connect("/nowhere/steadyd.sock");
    REQUIRE_FALSE(client.has_value());
    CHECK(client.error().message.find("/nowhere/steadyd.sock") != std::string::npos);
  }
}
