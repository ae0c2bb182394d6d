// Follows a file across growth, rotation and truncation, and sends its lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <steady/actor.hpp>
#include <string>

#include "file/descriptor.hpp"
#include "file/fingerprint.hpp"
#include "file/reader.hpp"

namespace steady::file {

class Tail final : public Actor {
 public:
  static constexpr About kAbout{"tail", "Follows a file across rotation and sends its lines."};

  Tail();
  void start() override;
  void step() override;

 private:
  /// How far the lines are sent. What is read further is forgotten in a crash and read again.
  struct Place {
    bool looked = false;  // the path was looked at before: what appears there now is new
    bool known = false;   // `file` names a file
    bool in_cut_line = false;
    FileId file;
    std::uint64_t offset = 0;
    Fingerprint print;
  };
  enum class Sent { All, NoRoom };

  bool open_file();
  bool resume();
  bool is_the_known_one(const Descriptor& file, const std::string& path) const;
  bool begin_at_path();
  void go_to(Reader reader, std::uint64_t offset);
  static std::optional<Descriptor> open_regular(const std::string& path);

  void read_and_send();
  bool read_more();
  void recognise_truncation();
  Sent send(bool last);
  bool replaced();

  void wait_for_timer();
  void wait_for_room(std::uint64_t length);
  void warn_once(const std::string& text);
  void show(const std::string& text);

  Output<Frame> lines_{*this, "lines", "one frame per line, without its end"};
  Parameter<std::string> path_{*this, "path", kRequired, "the file; it may appear later"};
  Parameter<std::string> from_{*this, "from", "beginning", "where to begin the very first time: beginning or end"};
  Parameter<bool> follow_{*this, "follow", "true", "go on at the end of the file; false: end there"};
  Parameter<std::chrono::nanoseconds> poll_{*this, "poll", "100ms",
                                            "how often to look for more at the end of the file"};
  Parameter<std::chrono::nanoseconds> rotate_wait_{
      *this, "rotate_wait", "1s", "how long to stay with a renamed file, whose writer may not have noticed yet"};
  Parameter<Size> longest_{*this, "longest", "0",
                           "longer lines are cut; 0: only those that the channel can never hold"};
  State<Place> place_{*this, 1, kDurable};
  Counter lines_cut_{*this, "lines_cut", "Lines sent in pieces because they were too long."};
  Counter rotations_{*this, "rotations", "Times that another file took the place of the one being read."};
  Counter truncations_{*this, "truncations", "Times that the file was cut or rewritten and read from its start again."};

  Reader reader_;
  std::optional<std::chrono::nanoseconds> replaced_at_;
  std::string warned_;
  std::string shown_;
};

}  // namespace steady::file
