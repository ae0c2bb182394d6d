// Dead letters: an actor steps over those on its inputs, and puts back those that were on its outputs.
#include <mutex>
#include <utility>

#include "base/hex.hpp"
#include "worker/actor.hpp"

namespace steady::worker {

/// Steps over what steadyd has stored as dead letters. One that is behind the head was stepped over before.
void Actor::skip_dead_letters() {
  for (InputLane& lane : io_->inputs()) {
    if (!lane.plan->skip) continue;
    if (!lane.end.refresh()) continue;  // the loop will park it
    if (lane.end.position().messages == *lane.plan->skip && !io_->skip(lane, fence_)) continue;
    if (lane.end.position().messages <= *lane.plan->skip) continue;
    ipc::Event event;
    event.kind = ipc::Event::Kind::Skipped;
    event.actor = plan_.name;
    event.channel = lane.plan->channel;
    event.number = *lane.plan->skip;
    events_.send(event);
  }
}

void Actor::take_replays() {
  orders_.fetch_and(~static_cast<unsigned>(kReplay), std::memory_order_acq_rel);  // before the look: none is overlooked
  const std::lock_guard lock(replays_mutex_);
  for (ipc::Replay& replay : replays_) waiting_replays_.push_back(std::move(replay));
  replays_.clear();
}

/// In the order of their tickets, since the highest one put back speaks for all below it.
void Actor::put_replays_back() {
  while (!waiting_replays_.empty() && put_back(waiting_replays_.front())) {
    ipc::Event event;
    event.kind = ipc::Event::Kind::Replayed;
    event.actor = plan_.name;
    event.channel = waiting_replays_.front().channel;
    event.number = waiting_replays_.front().ticket;
    events_.send(event);
    waiting_replays_.pop_front();
  }
}

/// False: no room now. A ticket that is not above the last one was put back by a commit whose news got lost.
bool Actor::put_back(const ipc::Replay& replay) {
  if (replay.ticket <= io_->words().last_replay.load(std::memory_order_relaxed)) return true;
  const auto payload = from_hex(replay.payload_hex);
  for (OutputLane& lane : io_->outputs()) {
    if (!lane.end || lane.plan->channel != replay.channel) continue;
    const std::uint64_t message_bytes = lane.end->message_bytes();
    if (!payload || (message_bytes != 0 && payload->size() != message_bytes)) break;
    return io_->put_back(lane, *payload, replay.ticket, fence_);
  }
  die("was told to put back a message that does not fit channel " + replay.channel);
}

}  // namespace steady::worker
