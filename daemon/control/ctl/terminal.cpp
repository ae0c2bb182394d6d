#include "control/ctl/terminal.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace steady::control {
namespace {

// Its own screen, no cursor, no line wrap; and all of it undone.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

struct Sequence {
  std::string_view bytes;
  Key::Kind kind;
};
constexpr std::array kSequences{
    Sequence{"[A", Key::Kind::Up},     Sequence{"[B", Key::Kind::Down},     Sequence{"OA", Key::Kind::Up},
    Sequence{"OB", Key::Kind::Down},   Sequence{"[5~", Key::Kind::PageUp},  Sequence{"[6~", Key::Kind::PageDown},
    Sequence{"[H", Key::Kind::Home},   Sequence{"[F", Key::Kind::End},      Sequence{"OH", Key::Kind::Home},
    Sequence{"OF", Key::Kind::End},    Sequence{"[1~", Key::Kind::Home},    Sequence{"[4~", Key::Kind::End},
};

/// Bytes of the sequence behind an escape, or 0 when its end is not there yet.
std::size_t sequence_bytes(std::string_view rest) {
  if (rest.front() == 'O') return rest.size() < 2 ? 0 : 2;
  const auto end = std::find_if(rest.begin() + 1, rest.end(), [](char c) { return c >= '@' && c <= '~'; });
  return end == rest.end() ? 0 : static_cast<std::size_t>(end - rest.begin()) + 1;
}

Key::Kind kind_of(std::string_view sequence) {
  const auto found = std::ranges::find(kSequences, sequence, &Sequence::bytes);
  return found == kSequences.end() ? Key::Kind::Unknown : found->kind;
}

Key key_of(char byte) {
  switch (byte) {
    case '\t':
      return {Key::Kind::Tab};
    case '\r':
    case '\n':
      return {Key::Kind::Enter};
    case '\b':
    case 0x7f:
      return {Key::Kind::Backspace};
    default:
      return {Key::Kind::Character, byte};
  }
}

bool write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}) sigaddset(&set, number);
  return set;
}

}  // namespace

std::vector<Key> take_keys(std::string& bytes) {
  std::vector<Key> keys;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    if (rest.front() != '\x1b') {
      keys.push_back(key_of(rest.front()));
      rest.remove_prefix(1);
    } else if (rest.size() == 1 || (rest[1] != '[' && rest[1] != 'O')) {
      keys.push_back({Key::Kind::Escape});
      rest.remove_prefix(1);
    } else {
      const auto size = sequence_bytes(rest.substr(1));
      if (size == 0) break;
      keys.push_back({kind_of(rest.substr(1, size))});
      rest.remove_prefix(1 + size);
    }
  }
  bytes = std::string(rest);
  return keys;
}

std::string frame_bytes(std::string_view text) {
  std::string bytes = "\x1b[H";
  if (text.ends_with('\n')) text.remove_suffix(1);  // the last one would scroll a full screen
  for (const char c : text) bytes += c == '\n' ? "\x1b[K\r\n" : std::string(1, c);
  return bytes + "\x1b[K\x1b[J";
}

Terminal::Terminal(UniqueFd signals, const termios& before, const sigset_t& mask_before)
    : signals_(std::move(signals)), before_(before), mask_before_(mask_before) {}

Result<std::unique_ptr<Terminal>> Terminal::open() {
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return fail_errno("stdin");
  const sigset_t watched = watched_signals();
  sigset_t mask_before;
  if (::sigprocmask(SIG_BLOCK, &watched, &mask_before) != 0) return fail_errno("sigprocmask");
  UniqueFd signals(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("signalfd");
  std::unique_ptr<Terminal> made(new Terminal(std::move(signals), before, mask_before));
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0) return fail_errno("the terminal");
  if (!write_all(kEnter)) return fail_errno("the terminal");
  return made;
}

Terminal::~Terminal() {
  write_all(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

Status Terminal::draw(std::string_view text) {
  if (!write_all(frame_bytes(text))) return fail_errno("the terminal");
  return {};
}

Terminal::Event Terminal::wait(std::chrono::milliseconds limit) {
  std::array<pollfd, 2> sources{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals_.get(), POLLIN, 0}};
  const auto timeout = static_cast<int>(std::clamp<std::int64_t>(limit.count(), 0, 1'000'000));
  Event event;
  if (::poll(sources.data(), sources.size(), timeout) <= 0) return event;

  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal))
    if (signal.ssi_signo != SIGWINCH && signal.ssi_signo != SIGTSTP) event.signal = static_cast<int>(signal.ssi_signo);
  if (sources[0].revents == 0) return event;
  std::array<char, 1024> buffer;
  const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count <= 0) event.signal = SIGHUP;  // there was something to read, and it was the end
  if (count > 0) unread_.append(buffer.data(), static_cast<std::size_t>(count));
  event.keys = take_keys(unread_);
  return event;
}

}  // namespace steady::control
