#include "worker/careful.hpp"

#include <algorithm>

namespace steady::worker {
namespace {

/// What any step would see of the lane.
std::uint64_t available(const InputLane& lane) {
  const std::uint64_t messages = lane.parked ? 0 : lane.end.available_messages();
  return lane.most != 0 ? std::min(messages, lane.most) : messages;
}

}  // namespace

void Careful::begin() {
  for (InputLane& lane : io_.inputs()) {
    const std::uint64_t seen = available(lane);
    lane.careful_until = lane.end.position().messages + seen;
    active_ = active_ || seen != 0;
  }
}

void Careful::narrow(std::optional<std::uint32_t> clause) {
  for (InputLane& lane : io_.inputs()) {
    lane.view->messages = 0;
    lane.view->bytes = 0;
  }
  const std::size_t lanes = io_.inputs().size();
  if (fruitless_ > 2 * lanes) {
    show_all();
  } else if (!clause) {
    show_next();
  } else if (names_an_input(*clause)) {
    show_for(*clause);
  } else {
    nothing_last_ = !nothing_last_;
    if (!nothing_last_) show_next();
  }
  hidden_ = false;
  for (const InputLane& lane : io_.inputs()) hidden_ = hidden_ || lane.view->messages < available(lane);
  arm();
}

bool Careful::settle(bool took) {
  disarm();
  fruitless_ = took ? 0 : fruitless_ + 1;
  active_ = false;
  for (const InputLane& lane : io_.inputs())
    active_ = active_ || (!lane.parked && lane.end.position().messages < lane.careful_until);
  return hidden_;
}

void Careful::show(InputLane& lane, std::uint64_t messages) {
  messages = std::min(messages, available(lane));
  lane.view->messages = messages;
  lane.view->bytes = messages == 1                   ? ActorIo::next_bytes(lane)
                     : lane.end.message_bytes() != 0 ? messages * lane.end.message_bytes()
                     : messages == 0                 ? 0
                                                     : lane.end.available_bytes();
  // A frame that is not whole: the actor's own check has to find that, so it sees what is there.
  if (messages == 1 && lane.view->bytes == 0) lane.view->bytes = lane.end.available_bytes();
}

bool Careful::names_an_input(std::uint32_t clause) const {
  const steady_io& io = io_.io();
  return std::any_of(io.conditions, io.conditions + io.condition_count, [&](const steady_condition& condition) {
    return condition.clause == clause && condition.kind == STEADY_WHEN_INPUT;
  });
}

/// Per input that the clause names: what it asks for, on the first lane by turns that has it.
void Careful::show_for(std::uint32_t clause) {
  const steady_io& io = io_.io();
  auto& lanes = io_.inputs();
  ++turn_;
  for (std::uint32_t i = 0; i < io.condition_count; ++i) {
    const steady_condition& condition = io.conditions[i];
    if (condition.clause != clause || condition.kind != STEADY_WHEN_INPUT) continue;
    const std::uint64_t wanted = std::max<std::uint64_t>(condition.amount, 1);
    InputLane* best = nullptr;
    for (std::size_t k = 0; k < lanes.size(); ++k) {
      InputLane& lane = lanes[(turn_ + k) % lanes.size()];
      if (lane.port != condition.port || available(lane) == 0) continue;
      if (best == nullptr || (available(*best) < wanted && available(lane) >= wanted)) best = &lane;
    }
    if (best != nullptr) show(*best, wanted);
  }
}

void Careful::show_next() {
  auto& lanes = io_.inputs();
  for (std::size_t k = 0; k < lanes.size(); ++k) {
    InputLane& lane = lanes[++turn_ % lanes.size()];
    if (available(lane) == 0) continue;
    show(lane, 1);
    return;
  }
}

void Careful::show_all() {
  const std::uint64_t doublings = std::min<std::uint64_t>(fruitless_ - 2 * io_.inputs().size() - 1, 62);
  for (InputLane& lane : io_.inputs()) show(lane, std::uint64_t{1} << doublings);
}

void Careful::arm() {
  const InputLane* lone = nullptr;
  for (const InputLane& lane : io_.inputs()) {
    if (lane.view->messages == 0) continue;
    if (lone != nullptr || lane.view->messages != 1) return;
    lone = &lane;
  }
  if (lone == nullptr) return;
  ipc::ProcessWords& words = io_.words().process;
  words.suspect_sequence.store(lone->end.position().messages, std::memory_order_relaxed);
  words.suspect_reader.store(lone->end.incarnation(), std::memory_order_release);  // SYNC(suspect)
}

void Careful::disarm() {
  io_.words().process.suspect_reader.store(0, std::memory_order_release);  // SYNC(suspect)
}

}  // namespace steady::worker
