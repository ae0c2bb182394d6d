// The terminal as a screen to draw on and keys to read, without a library: the sequences are those of every terminal
// since the VT100. One thread.
#pragma once

#include <termios.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace steady::control {

struct Key {
  enum class Kind { Character, Up, Down, PageUp, PageDown, Home, End, Tab, Enter, Escape, Backspace, Unknown };
  Kind kind = Kind::Unknown;
  char character = 0;  ///< of a Character: one byte, so that others than ASCII come in several keys
};

/// Takes whole keys from the front of what a terminal sent. What may still become a key stays. A lone escape is Escape.
[[nodiscard]] std::vector<Key> take_keys(std::string& bytes);

/// What makes a terminal show `text`, and nothing else. Lines end with a newline.
[[nodiscard]] std::string frame_bytes(std::string_view text);

/// Another screen in front of what the terminal showed, until the object goes. Signals that would end the program,
/// and the one of a new size, come through wait() meanwhile, so that nothing leaves the terminal as it is.
class Terminal {
 public:
  /// On stdin and stdout. Errors: System when they are no terminal.
  [[nodiscard]] static Result<std::unique_ptr<Terminal>> open();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] Status draw(std::string_view text);

  struct Event {
    std::vector<Key> keys;
    int signal = 0;      ///< the program shall end; SIGHUP also when the terminal is gone
  };
  /// Until something happens, a new size of the terminal among it, or `limit` is over.
  [[nodiscard]] Event wait(std::chrono::milliseconds limit);

 private:
  Terminal(UniqueFd signals, const termios& before, const sigset_t& mask_before);

  UniqueFd signals_;
  const termios before_;
  const sigset_t mask_before_;
  std::string unread_;  ///< the beginning of a key
};

}  // namespace steady::control
