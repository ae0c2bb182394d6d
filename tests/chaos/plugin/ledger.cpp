#include "ledger.hpp"

namespace steady::chaos {

Ledger::Finding Ledger::enter(const Item& item) {
  Finding finding;
  std::size_t index = 0;
  while (index < count_ && streams_[index].name != item.stream) ++index;
  if (index == kStreams) {
    finding.strangers = 1;
    return finding;
  }
  Stream& stream = streams_[index];
  if (index == count_) {
    stream = {item.stream, 0};
    ++count_;
    finding.streams = 1;
  }
  if (item.sequence < stream.expected) {
    finding.repeats = 1;
    return finding;
  }
  finding.gaps = item.sequence - stream.expected;
  stream.expected = item.sequence + 1;
  return finding;
}

}  // namespace steady::chaos
