#include "process/launch.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "base/unique_fd.hpp"

namespace steady::process {
namespace {

/// What one message takes at most (SCM_MAX_FD); more descriptors go in several.
constexpr std::size_t kDescriptorsPerMessage = 253;

/// A message of one byte that carries descriptors.
class Parcel {
 public:
  explicit Parcel(std::size_t descriptors) : bytes_(descriptors * sizeof(int)) {
    message_.msg_iov = &byte_vector_;
    message_.msg_iovlen = 1;
    message_.msg_control = control_.data();
    message_.msg_controllen = CMSG_SPACE(bytes_);
  }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;

  [[nodiscard]] bool send(int socket, const int* descriptors) {
    cmsghdr* const head = CMSG_FIRSTHDR(&message_);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(bytes_);
    std::memcpy(CMSG_DATA(head), descriptors, bytes_);
    return ::sendmsg(socket, &message_, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
  }
  [[nodiscard]] bool receive(int socket, int* descriptors) {
    if (::recvmsg(socket, &message_, MSG_DONTWAIT) != 1) return false;
    const cmsghdr* const head = CMSG_FIRSTHDR(&message_);
    if (head == nullptr || head->cmsg_len != CMSG_LEN(bytes_)) {
      errno = EMFILE;  // we may not have as many
      return false;
    }
    std::memcpy(descriptors, CMSG_DATA(head), bytes_);
    return true;
  }

 private:
  std::size_t bytes_;
  char byte_ = 0;
  iovec byte_vector_{&byte_, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsPerMessage * sizeof(int))> control_{};
  msghdr message_{};
};

/// Calls `handle(parcel, first)` for each message that `descriptors` take, until one fails.
template <class Handle>
bool in_parcels(std::span<int> descriptors, const Handle& handle) {
  for (std::size_t first = 0; first < descriptors.size(); first += kDescriptorsPerMessage) {
    Parcel parcel(std::min(kDescriptorsPerMessage, descriptors.size() - first));
    if (!handle(parcel, &descriptors[first])) return false;
  }
  return true;
}

/// The way of descriptors to a child. Made for the first one, while few descriptors are open, and kept: a child copies
/// those that have lower numbers than the receiving end.
struct Handover {
  UniqueFd receiver;
  UniqueFd sender;
};

std::optional<Handover>& handover() {
  static std::optional<Handover> kept;
  return kept;
}

Status open_handover() {
  if (handover()) return {};
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno("socketpair");
  handover().emplace(Handover{UniqueFd(ends[0]), UniqueFd(ends[1])});
  return {};
}

/// All that a child looks at, in memory that it shares with us until it runs its program.
struct Birth {
  const Program& program;
  std::span<int> descriptors;  ///< by their numbers with us; when the child has received them, with it
  int receiver;
  bool new_session;
  int error = 0;  ///< errno of what went wrong
};

bool leave_our_table(const Birth& birth) {
  return ::close_range(static_cast<unsigned>(birth.receiver) + 1, ~0U, CLOSE_RANGE_UNSHARE) == 0;
}

bool receive_descriptors(const Birth& birth) {
  return in_parcels(birth.descriptors, [&](Parcel& parcel, int* at) { return parcel.receive(birth.receiver, at); });
}

/// Each at its number. They came in order, each at the lowest free number, so none is below its place: nothing is
/// overwritten that is still to be placed.
bool place_descriptors(const Birth& birth) {
  const int count = static_cast<int>(birth.descriptors.size());
  for (int number = 0; number < count; ++number)
    if (::dup2(birth.descriptors[static_cast<std::size_t>(number)], number) < 0) return false;
  return ::close_range(static_cast<unsigned>(count), ~0U, 0) == 0;
}

/// A handler of ours would run on our memory: none is left when signals are let in.
void reset_signals() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &usual, nullptr);  // some refuse
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The child. It has a stack of its own and everything else of ours, and we stand still: it changes nothing but `birth`.
int be_born(void* argument) {
  Birth& birth = *static_cast<Birth*>(argument);
  if (leave_our_table(birth) && receive_descriptors(birth) && place_descriptors(birth)) {
    if (birth.new_session) ::setsid();
    reset_signals();
    ::execvpe(birth.program.arguments[0], birth.program.arguments.data(), birth.program.environment.data());
  }
  birth.error = errno;
  return 127;  // to clone(), which ends the child
}

/// No signal is handled meanwhile: the child would do it for us.
pid_t clone_child(Birth& birth) {
  alignas(16) static std::array<char, 64 * 1024> stack;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t pid =
      ::clone(be_born, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &birth);
  if (pid < 0) birth.error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

}  // namespace

Result<int> launch(const Program& program, std::vector<int> descriptors, bool new_session) {
  const std::string what = std::string("cannot start ") + program.arguments.front();
  if (auto opened = open_handover(); !opened) return fail(std::move(opened.error()), what);
  Birth birth{.program = program,
              .descriptors = descriptors,
              .receiver = handover()->receiver.get(),
              .new_session = new_session};
  const bool sent = in_parcels(
      birth.descriptors, [](Parcel& parcel, const int* at) { return parcel.send(handover()->sender.get(), at); });
  if (!sent) birth.error = errno;
  const pid_t pid = sent ? clone_child(birth) : -1;
  if (birth.error == 0) return pid;
  handover().reset();  // what was not received is still in it
  while (pid > 0 && ::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return fail_errno(what, birth.error);
}

}  // namespace steady::process
