// Log lines in, records out; what is no log line goes aside.
#pragma once

#include <optional>
#include <steady/actor.hpp>
#include <string>
#include <string_view>

#include "logs/record.hpp"

namespace steady::logs {

class Parse final : public Actor {
 public:
  static constexpr About kAbout{"parse", "Turns the lines of a syslog or of Apache's error log into records."};

  Parse();
  void start() override;
  void step() override;

 private:
  [[nodiscard]] std::optional<Record> parse(std::string_view line) const;
  bool reject(std::string_view line);

  Input<Frame> lines_{*this, "lines", "one line per frame"};
  Output<Record> records_{*this, "records", "one record per line that could be read"};
  Output<Frame> rejects_{*this, "rejects", "the lines that could not", kOptional};
  Parameter<std::string> format_{*this, "format", "auto", "auto, syslog or apache; auto looks at each line"};
  Counter rejected_{*this, "rejected", "Lines that could not be read."};
};

}  // namespace steady::logs
