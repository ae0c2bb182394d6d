#include "logs/count.hpp"

#include <cstddef>
#include <string_view>

namespace steady::logs {

void Count::step() {
  Minute& minute = minute_.change();
  for (const Record& record : records_.peek(records_.available())) {
    const std::string_view name = minute_of(record.time);
    if (name != minute.name.view()) {
      if (!send(minute)) return;
      minute.name = name;
    }
    ++minute.counts[level_index(record.level)];
    records_.take(1);
  }
}

bool Count::finish() {
  return send(minute_.change());
}

/// False when there is no room for all of it; the rest is sent in a later step.
bool Count::send(Minute& minute) {
  for (std::size_t level = 0; level < minute.counts.size(); ++level) {
    if (minute.counts[level] == 0) continue;
    Summary summary{minute.name, {}, minute.counts[level]};
    summary.level = level < kLevels.size() ? kLevels[level] : std::string_view("other");
    if (!summaries_.put(summary)) return false;
    minute.counts[level] = 0;
  }
  return true;
}

}  // namespace steady::logs
