// Writes what comes in to the end of a file, each item once, whatever dies in between.
#pragma once

#include <cstdint>
#include <steady/actor.hpp>
#include <string>
#include <string_view>

#include "file/descriptor.hpp"
#include "file/fingerprint.hpp"

namespace steady::file {

/// How it is exactly once: the file's committed length is part of the state, and so of the same transaction as taking
/// the items. What lies behind it was written by a step that was never committed; the next generation cuts it off.
class Append final : public Actor {
 public:
  static constexpr About kAbout{"append", "Writes each item as a line at the end of a file, exactly once."};

  void start() override;
  void step() override;

 private:
  struct Place {
    bool known = false;
    FileId file;
    std::uint64_t length = 0;  // bytes committed
    Fingerprint print;         // of the first of them: nothing is ever cut off a file that is not ours
  };

  void open_file();
  [[nodiscard]] bool is_the_known_one(const Descriptor& file, const std::string& path) const;
  void adopt();
  void cut_uncommitted_of_the_renamed();
  bool moved_away() const;
  void collect();
  void write(std::string_view bytes);

  Inputs<Any> lines_{*this, "lines", "frames as they are, described messages as JSON"};
  Parameter<std::string> path_{*this, "path", kRequired, "the file; it is created if missing, and so is its directory"};
  Parameter<bool> sync_{*this, "sync", "false", "wait for the disk in every step"};
  State<Place> place_{*this, 1, kDurable};

  Descriptor file_;
  std::string buffer_;
};

}  // namespace steady::file
