// steadyd-worker: hosts one actor, or a named group, for steadyd; and describes plugins. People start it only as
//   steadyd-worker --describe FILE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/files.hpp"
#include "base/unique_fd.hpp"
#include "ipc/protocol.hpp"
#include "worker/actor.hpp"
#include "worker/actor_thread.hpp"
#include "worker/crash.hpp"
#include "worker/describe.hpp"
#include "worker/elf_check.hpp"
#include "worker/events.hpp"
#include "worker/placement.hpp"
#include "worker/plugin.hpp"

namespace steady::worker {
namespace {

constexpr int kUsageExitCode = 2;

/// Prints the plugin's description on stdout, whatever the plugin itself prints there: that goes to stderr.
int run_describe(const char* path) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever asked is gone: nobody wants the answer
  const UniqueFd output(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  auto file = open_file(path, O_RDONLY);
  if (!file) {
    std::fprintf(stderr, "%s\n", file.error().message.c_str());
    return 1;
  }
  if (const auto checked = check_plugin_file(file->get()); !checked) {
    std::fprintf(stderr, "%s\n", checked.error().message.c_str());
    return 1;
  }
  const auto plugin = load_plugin(file->get());
  if (!plugin) {
    std::fprintf(stderr, "%s\n", plugin.error().message.c_str());
    std::fflush(nullptr);
    ::_exit(1);  // as below; and it may be loaded already
  }
  const std::string description = describe(**plugin) + "\n";
  for (std::size_t written = 0; written < description.size();) {
    const ssize_t count = ::write(output.get(), description.data() + written, description.size() - written);
    if (count <= 0) return 1;
    written += static_cast<std::size_t>(count);
  }
  std::fflush(nullptr);
  ::_exit(0);  // the plugin's static destructors are not asked
}

/// Reads the control socket line by line, blocking.
class ControlReader {
 public:
  /// steadyd is gone, although what it sent may still be there to read.
  [[nodiscard]] static bool is_closed() {
    char next = 0;
    return ::recv(ipc::kControlFd, &next, sizeof next, MSG_PEEK | MSG_DONTWAIT) == 0;
  }
  /// The next line without its newline; false at the end, when steadyd is gone.
  bool next(std::string& line) {
    for (;;) {
      const auto end = buffer_.find('\n');
      if (end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return true;
      }
      char chunk[16 * 1024];
      const ssize_t count = ::read(ipc::kControlFd, chunk, sizeof chunk);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      buffer_.append(chunk, static_cast<std::size_t>(count));
    }
  }

 private:
  std::string buffer_;
};

/// Loads every plugin of the plan once and prepares its actors. The files were checked when they were described: these
/// are the same copies, sealed since.
std::vector<std::unique_ptr<Actor>> prepare_actors(const ipc::WorkerPlan& plan, Events& events) {
  std::map<int, const steady_plugin_info*> plugins;
  std::vector<std::unique_ptr<Actor>> actors;
  for (const ipc::ActorPlan& actor : plan.actors) {
    auto found = plugins.find(actor.plugin_fd);
    if (found == plugins.end()) {
      const auto loaded = load_plugin(actor.plugin_fd);
      if (!loaded) events.fail(actor.name, "plugin '" + actor.plugin + "' " + loaded.error().message);
      found = plugins.emplace(actor.plugin_fd, *loaded).first;
    }
    const auto type = find_type(*found->second, actor.type);
    if (!type) events.fail(actor.name, "plugin '" + actor.plugin + "' " + type.error().message);
    auto prepared = Actor::prepare(actor, **type, plan.fence, plan.sampling, events);
    if (!prepared) events.fail(actor.name, prepared.error().message);
    actors.push_back(std::move(*prepared));
  }
  return actors;
}

/// Runs the actors on their threads; the process ends when the last thread does.
///
/// Orders are read on a thread of their own, for which an actor that has the worker for itself need not wait: it runs on
/// the main thread, and that other thread comes up after its first step. Of several actors each group has its thread, and
/// the main thread reads the orders.
///
/// The first thread begins all actors. In a spare it also waits for the takeover itself: whoever else did would have to
/// wake it, and a wake-up is most of what a takeover costs.
class Team {
 public:
  Team(ipc::WorkerPlan& plan, ControlReader& control, Events& events)
      : plan_(plan), control_(control), events_(events), actors_(prepare_actors(plan, events)) {
    for (std::vector<ActorThread::Member>& members : group()) threads_.emplace_back(std::move(members), plan.fence);
  }

  /// On the main thread, for as long as the process lives.
  [[noreturn]] void run() {
    left_ = starting_ = threads_.size();
    if (plan_.standby)
      for (const auto& actor : actors_) actor->enter_pages();
    if (actors_.size() == 1) run_alone(threads_.front());
    for (ActorThread& thread : threads_) std::thread([this, &thread] { run(thread); }).detach();
    obey();
  }

 private:
  /// What steadyd orders, until it is gone.
  [[noreturn]] void obey() {
    use_unwinder();
    started_.wait(0, std::memory_order_acquire);  // until then the control socket is the first thread's to read
    std::string line;
    while (control_.next(line))
      if (const auto command = ipc::parse_command(line)) order(*command);
    ::_exit(1);
  }
  void order(const ipc::Command& command) {
    for (const auto& actor : actors_)
      if (command.actor.empty() || command.actor == actor->name()) actor->order(command);
  }
  /// Those that name the same thread are together, everybody else is alone.
  std::vector<std::vector<ActorThread::Member>> group() const {
    std::vector<std::vector<ActorThread::Member>> groups;
    std::map<std::string, std::size_t> named;
    for (std::size_t i = 0; i < actors_.size(); ++i) {
      const std::string& name = actors_[i]->plan().thread;
      const auto [known, added] = named.emplace(name, groups.size());
      if (name.empty() || added) groups.emplace_back();
      auto& group = name.empty() ? groups.back() : groups[known->second];
      group.push_back({actors_[i].get(), i});
    }
    return groups;
  }
  void run(ActorThread& thread) {
    const bool first = &thread == &threads_.front();
    watch_this_thread();
    name_this_thread(thread.name());
    if (first) begin_all();
    begun_.wait(0, std::memory_order_acquire);
    thread.run([&] {
      if (--starting_ == 0) say(ipc::Event::Kind::Ready);
      if (first) release(started_);
    });
    if (--left_ == 0) end();
  }
  [[noreturn]] void run_alone(ActorThread& thread) {
    name_this_thread(thread.name());
    begin_all();
    thread.run_alone([&] { say(ipc::Event::Kind::Ready); },
                     [&] {
                       release(started_);
                       std::thread([this] {
                         name_this_thread("orders");
                         obey();
                       }).detach();
                     });
    end();
  }
  static void name_this_thread(const std::string& name) { ::prctl(PR_SET_NAME, name.substr(0, 15).c_str()); }
  /// Nothing is left to save: every effect of an actor is committed.
  [[noreturn]] static void end() {
    std::fflush(nullptr);
    ::_exit(0);
  }
  void begin_all() {
    if (plan_.standby) wait_for_takeover();
    for (std::size_t i = 0; i < actors_.size(); ++i) {
      enter_actor(i);
      if (const auto begun = actors_[i]->begin(); !begun) events_.fail(actors_[i]->name(), begun.error().message);
    }
    release(begun_);
  }
  void wait_for_takeover() {
    say(ipc::Event::Kind::Prepared);
    std::string line;
    if (!control_.next(line)) ::_exit(1);  // steadyd is gone
    if (const auto taken = ipc::take_over(plan_, line); !taken)
      events_.fail("", "cannot read the takeover: " + taken.error().message);
  }
  void say(ipc::Event::Kind kind) {
    ipc::Event event;
    event.kind = kind;
    events_.send(event);
  }
  static void release(std::atomic<int>& gate) {
    gate.store(1, std::memory_order_release);
    gate.notify_all();
  }

  ipc::WorkerPlan& plan_;   // until begin_all() has ended, the first thread writes it
  ControlReader& control_;  // until started_, the first thread reads it; then who obeys
  Events& events_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::deque<ActorThread> threads_;
  // As int, which is what a futex is: waking one of them wakes nobody who waits for the other.
  std::atomic<int> begun_{0};    // every actor is constructed
  std::atomic<int> started_{0};  // the first thread has started its actors
  std::atomic<std::size_t> starting_{0};
  std::atomic<std::size_t> left_{0};
};

int run_worker() {
  // Dies with steadyd: its death is seen by the kernel, however it came.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C is for steadyd, which then stops its workers in order
  static ControlReader control;
  std::string line;
  if (!control.next(line) || ControlReader::is_closed()) return 1;  // it was gone before the kernel could know whom to end
  static auto plan = ipc::parse_worker_plan(line);
  static Events events(ipc::kControlFd);
  if (!plan) events.fail("", "cannot read the plan: " + plan.error().message);
  ::prctl(PR_SET_NAME, plan->worker.substr(0, 15).c_str());
  if (const auto placed = take_place(plan->placement); !placed) events.fail("", placed.error().message);
  if (plan->fence == ipc::FenceMode::Membarrier && !ipc::register_membarrier())
    events.fail("", "membarrier worked for steadyd and does not here");
  if (plan->crash_fd >= 0)
    if (const auto caught = catch_crashes(plan->crash_fd); !caught)
      events.fail("", "cannot catch crashes: the crash page " + caught.error().message);
  static Team* const team = new Team(*plan, control, events);  // outlives main: threads use it, and all that is static here
  team->run();
}

}  // namespace
}  // namespace steady::worker

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (argc == 3 && mode == "--describe") return steady::worker::run_describe(argv[2]);
  if (argc == 2 && mode == "--control") return steady::worker::run_worker();
  std::fprintf(stderr, "steadyd-worker is started by steadyd. To see what a plugin offers:\n"
                       "  steadyd-worker --describe FILE\n");
  return steady::worker::kUsageExitCode;
}
