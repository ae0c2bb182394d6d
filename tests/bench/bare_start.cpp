// The limit that a start is measured against: a parent that spawns and does nothing else. Each child is this program
// anew; it loads a plugin with dlopen, asks what it offers, says over a socket that it is there, and sleeps. There are no
// channels, no log, no telemetry, and nothing is checked.
//
//   bare_start PLUGIN CHILDREN in-turn    prints the milliseconds until the last is there, each spawned after the one
//                                         before it was there, as steadyd starts what is in one supervisor
//   bare_start PLUGIN CHILDREN at-once    the same, with all of them spawned before the first is waited for
#include <dlfcn.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "steady/abi.h"

namespace {

constexpr int kSocket = 3;  // where a child finds its end

int run_child(const char* plugin) {
  void* const library = ::dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return 1;
  const auto entry = reinterpret_cast<steady_plugin_function>(::dlsym(library, "steady_plugin"));
  if (entry == nullptr || entry() == nullptr) return 1;
  char byte = 0;
  if (::write(kSocket, &byte, 1) != 1) return 1;
  return static_cast<int>(::read(kSocket, &byte, 1));  // until the parent is gone
}

struct Child {
  pid_t pid;
  int socket;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

Child spawn(char* plugin) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  if (ends[1] == kSocket) fail("descriptor 3 is taken by the parent, so it is never the child's own");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], kSocket);
  std::string self = "/proc/self/exe";
  std::string mode = "--child";
  char* const arguments[] = {self.data(), mode.data(), plugin, nullptr};
  Child child{0, ends[0]};
  if (::posix_spawn(&child.pid, self.c_str(), &actions, nullptr, arguments, environ) != 0) fail("posix_spawn");
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  return child;
}

void wait_until_there(const Child& child) {
  char byte = 0;
  if (::read(child.socket, &byte, 1) == 1) return;
  std::fprintf(stderr, "bare_start: a child ended before it was there\n");
  std::exit(1);
}

void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--child") return run_child(argv[2]);
  const std::string_view order = argc == 4 ? argv[3] : "";
  if (order != "in-turn" && order != "at-once") {
    std::fprintf(stderr, "usage: bare_start PLUGIN CHILDREN in-turn|at-once\n");
    return 2;
  }
  allow_many_descriptors();
  if (::dup2(STDERR_FILENO, kSocket) < 0) fail("dup2");
  const auto count = static_cast<std::size_t>(std::strtoull(argv[2], nullptr, 10));
  std::vector<Child> children;
  children.reserve(count);

  const auto begun = std::chrono::steady_clock::now();
  while (children.size() < count) {
    children.push_back(spawn(argv[1]));
    if (order == "in-turn") wait_until_there(children.back());
  }
  if (order == "at-once")
    for (const Child& child : children) wait_until_there(child);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;

  for (const Child& child : children) {
    ::close(child.socket);  // the child reads its end, and ends
    ::waitpid(child.pid, nullptr, 0);
  }
  std::printf("%.3f\n", took.count());
}
