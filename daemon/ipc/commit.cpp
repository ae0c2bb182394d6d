#include "ipc/commit.hpp"

#include <string>

namespace steady::ipc {
namespace {

template <class End>
bool store_entry(std::span<End* const> ends, const CommitEntry& entry) {
  for (End* const end : ends) {
    if (end->incarnation() != entry.incarnation) continue;
    const std::uint64_t size = end->message_bytes();
    end->restore({entry.position, size != 0 ? entry.position / size : entry.messages});
    return true;
  }
  return false;
}

}  // namespace

Result<bool> repair(ActorWords& words, std::span<InputEnd* const> inputs, std::span<OutputEnd* const> outputs,
                    bool reopen) {
  CommitRecord& record = words.record;
  if (record.armed.load(std::memory_order_acquire) == 0) return false;  // SYNC(commit)
  if (record.entry_count > kEndsMax || record.state_current > 2)
    return fail(ErrorCode::Corrupt, "the commit record holds " + std::to_string(record.entry_count) +
                                        " entries and state buffer " + std::to_string(record.state_current));
  for (std::uint64_t i = 0; i < record.entry_count; ++i)
    if (!store_entry(outputs, record.entries[i])) store_entry(inputs, record.entries[i]);
  if (record.state_current != 0) {
    words.state_current.store(record.state_current, std::memory_order_release);  // SYNC(state)
    words.state_commits.store(words.state_commits.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  if (record.replay != 0) words.last_replay.store(record.replay, std::memory_order_relaxed);
  if (record.finished != 0 && !reopen) {
    words.finished.store(1, std::memory_order_relaxed);
    for (OutputEnd* const output : outputs) output->set_closed(true);
  }
  record.armed.store(0, std::memory_order_release);
  return true;
}

}  // namespace steady::ipc
