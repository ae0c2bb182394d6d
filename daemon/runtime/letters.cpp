#include "runtime/letters.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "base/hex.hpp"
#include "base/log.hpp"
#include "ipc/peek.hpp"
#include "runtime/clock.hpp"
#include "topology/show_message.hpp"

namespace steady::runtime {
namespace {

constexpr std::size_t kAll = std::numeric_limits<int>::max();

/// How many letters steadyd puts back for one producer in one go: other work waits meanwhile.
constexpr std::size_t kPutAtOnce = 1000;

/// What a list shows of a long message.
constexpr std::size_t kTextBytes = 4096;

const topology::PlannedChannel* find_channel(const topology::Plan& plan, const std::string& name) {
  const auto found = std::ranges::find(plan.channels, name, &topology::PlannedChannel::name);
  return found == plan.channels.end() ? nullptr : &*found;
}

void complain(const Status& status, std::int64_t letter) {
  if (!status) log::error("A dead letter could not be noted", {{"letter", letter}, {"why", status.error().message}});
}

}  // namespace

Letters::Letters(records::Store& store, const Wiring& wiring, const Sampler& sampler, Send send)
    : store_(store), wiring_(wiring), sampler_(sampler), send_(std::move(send)) {}

Status Letters::load() {
  using State = records::DeadLetter::State;
  for (auto [state, to] : {std::pair{State::Moving, &moving_}, std::pair{State::Replaying, &replaying_}}) {
    auto letters = store_.letters({.actor = {}, .channel = {}, .producer = {}, .state = state}, kAll);
    if (!letters) return tl::unexpected(std::move(letters.error()));
    for (records::DeadLetter& letter : *letters) {
      const std::int64_t id = letter.id;
      to->emplace(id, std::move(letter));
    }
  }
  return {};
}

Result<std::int64_t> Letters::set_aside(const topology::Plan& plan, std::size_t actor, const Suspect& suspect,
                                        unsigned deaths, std::int64_t incident) {
  const topology::PlannedActor& reader = plan.actors[actor];
  for (const topology::End& end : reader.inputs) {
    const topology::PlannedChannel& channel = plan.channels[end.channel];
    const std::string reader_path = wiring_.reader_paths(channel, plan)[end.reader];
    auto peeked = ipc::peek(wiring_.ring_path(channel), reader_path, channel.capacity_bytes);
    if (!peeked || peeked->reader_incarnation != suspect.reader) continue;
    if (peeked->sequence != suspect.sequence) break;
    records::DeadLetter letter;
    letter.at_unix_ns = unix_now();
    letter.actor = reader.spec.name;
    letter.port = reader.type.ports[end.port].name;
    letter.channel = channel.name;
    letter.producer = plan.actors[channel.producer].spec.name;
    letter.ring_incarnation = peeked->ring_incarnation;
    letter.sequence = peeked->sequence;
    letter.message_hash = peeked->message_hash;
    letter.message = channel.frames ? "frame" : channel.message.name;
    letter.text = topology::show_message(
        channel, channel.frames ? std::string_view(peeked->payload).substr(0, kTextBytes) : peeked->payload,
        peeked->length);
    letter.payload = std::move(peeked->payload);
    letter.deliveries = deaths;
    letter.incident = incident;
    auto id = store_.take(letter);
    if (!id) return tl::unexpected(std::move(id.error()));
    letter.id = *id;
    letter.payload.clear();
    moving_[*id] = std::move(letter);
    return *id;
  }
  return fail(ErrorCode::NotFound, "the message is no longer next on any input");
}

void Letters::fill(const topology::Plan& plan, ipc::WorkerPlan& order) {
  settle(plan);
  for (ipc::ActorPlan& actor : order.actors)
    for (ipc::InputPlan& input : actor.inputs)
      for (const auto& [id, letter] : moving_)
        if (letter.actor == actor.name && letter.port == input.port && letter.channel == input.channel)
          input.skip = std::min(input.skip.value_or(letter.sequence), letter.sequence);
}

std::vector<ipc::Command> Letters::waiting_for(const topology::Plan& plan, const std::string& producer) const {
  const std::uint64_t end = held_up_from(plan, producer);
  std::vector<ipc::Command> commands;
  for (const auto& [id, waiting] : replaying_) {
    if (waiting.producer != producer || waiting.ticket >= end) continue;
    if (const auto letter = store_.letter(id)) commands.push_back(command_for(*letter));
  }
  std::ranges::sort(commands, {}, [](const ipc::Command& command) { return command.replay.ticket; });
  return commands;
}

/// The lowest ticket of a letter of this producer that no longer fits: those above it wait with it, since the highest one
/// put back speaks for all below.
std::uint64_t Letters::held_up_from(const topology::Plan& plan, const std::string& producer) const {
  std::uint64_t lowest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [id, waiting] : replaying_)
    if (waiting.producer == producer && !still_fits(plan, waiting)) lowest = std::min(lowest, waiting.ticket);
  return lowest;
}

/// Whether its channel still has this producer and carries such messages. Otherwise it waits for a configuration that has.
bool Letters::still_fits(const topology::Plan& plan, const records::DeadLetter& letter) const {
  const topology::PlannedChannel* const channel = find_channel(plan, letter.channel);
  return channel != nullptr && plan.actors[channel->producer].spec.name == letter.producer &&
         wiring_.message_hash(*channel) == letter.message_hash;
}

/// Also what was done right before a death, whose news got lost; and what can no longer be done: another ring has taken
/// the place of the one that held the message, so nothing is left to step over.
void Letters::settle(const topology::Plan& plan) {
  for (auto at = moving_.begin(); at != moving_.end();) {
    const records::DeadLetter& letter = at->second;
    const auto place = sampler_.reader_of(plan, letter.channel, letter.actor, letter.port);
    const bool over = place && (place->ring_incarnation != letter.ring_incarnation || place->next > letter.sequence);
    if (over) complain(store_.held(letter.id), letter.id);
    at = over ? moving_.erase(at) : std::next(at);
  }
  for (auto at = replaying_.begin(); at != replaying_.end();) {
    const bool over = sampler_.last_replay(plan, at->second.producer) >= at->second.ticket;
    if (over) complain(store_.replayed(at->first), at->first);
    at = over ? replaying_.erase(at) : std::next(at);
  }
}

void Letters::stepped_over(const std::string& actor, const std::string& channel, std::uint64_t sequence) {
  for (auto at = moving_.begin(); at != moving_.end();) {
    const records::DeadLetter& letter = at->second;
    const bool this_one = letter.actor == actor && letter.channel == channel && letter.sequence == sequence;
    if (this_one) complain(store_.held(letter.id), letter.id);
    at = this_one ? moving_.erase(at) : std::next(at);
  }
}

void Letters::put_back(const std::string& actor, std::uint64_t ticket) {
  for (auto at = replaying_.begin(); at != replaying_.end();) {
    const records::DeadLetter& letter = at->second;
    const bool this_one = letter.producer == actor && letter.ticket == ticket;
    if (this_one) {
      if (!letter.actor.empty())
        log::info("A dead letter is back on its channel", {{"letter", letter.id}, {"channel", letter.channel}});
      complain(store_.replayed(letter.id), letter.id);
    }
    at = this_one ? replaying_.erase(at) : std::next(at);
  }
}

ipc::Command Letters::command_for(const records::DeadLetter& letter) {
  return {ipc::Command::Kind::Replay, letter.producer, {letter.ticket, letter.channel, to_hex(letter.payload)}};
}

Status Letters::replay_one(const topology::Plan& plan, std::int64_t id, bool all_readers, Replayed& outcome) {
  const auto known = store_.letter(id);
  if (!known) return tl::unexpected(known.error());
  const topology::PlannedChannel* const channel = find_channel(plan, known->channel);
  if (channel == nullptr) return fail(ErrorCode::NotFound, "there is no channel " + known->channel + " any more");
  if (channel->consumers.size() > 1 && !all_readers)
    return fail(ErrorCode::Invalid, "channel " + known->channel + " has " + std::to_string(channel->consumers.size()) +
                                        " readers, and the others have had this message; --all-readers sends it to all");
  if (!still_fits(plan, *known))
    return fail(ErrorCode::Incompatible, "channel " + known->channel + " carries other messages now");
  auto letter = store_.begin_replay(id, sampler_.last_replay(plan, known->producer) + 1);
  if (!letter) return tl::unexpected(std::move(letter.error()));
  const bool sent =
      letter->ticket < held_up_from(plan, letter->producer) && send_(letter->producer, command_for(*letter));
  ++(sent ? outcome.sent : outcome.waiting);
  letter->payload.clear();
  replaying_[id] = std::move(*letter);
  return {};
}

Result<Letters::Replayed> Letters::replay(const topology::Plan& plan, const Selection& selection) {
  std::vector<std::int64_t> ids = selection.ids;
  if (ids.empty()) {
    records::LetterFilter filter = selection.filter;
    filter.state = records::DeadLetter::State::Held;
    const auto letters = store_.letters(filter, kAll);
    if (!letters) return tl::unexpected(letters.error());
    for (const records::DeadLetter& letter : *letters) ids.push_back(letter.id);
    std::ranges::sort(ids);  // the order in which they came
  }
  Replayed outcome;
  for (const std::int64_t id : ids)
    if (auto replayed = replay_one(plan, id, selection.all_readers, outcome); !replayed)
      outcome.notes.push_back("letter " + std::to_string(id) + ": " + replayed.error().message);
  return outcome;
}

Status Letters::inject(const topology::Plan& plan, const topology::PlannedChannel& channel, const std::string& injection,
                       std::uint64_t first, const std::vector<std::string>& payloads) {
  records::DeadLetter like;
  like.at_unix_ns = unix_now();
  like.port = injection;
  like.channel = channel.name;
  like.producer = plan.actors[channel.producer].spec.name;
  like.message_hash = wiring_.message_hash(channel);
  like.message = channel.frames ? "frame" : channel.message.name;
  auto stored = store_.inject(like, first, payloads, sampler_.last_replay(plan, like.producer) + 1);
  if (!stored) return tl::unexpected(std::move(stored.error()));
  const std::uint64_t end = held_up_from(plan, like.producer);
  for (records::DeadLetter& letter : *stored) {
    const std::string& payload = payloads[letter.sequence - first];
    if (letter.ticket < end)
      send_(letter.producer,
            {ipc::Command::Kind::Replay, letter.producer, {letter.ticket, letter.channel, to_hex(payload)}});
    const std::int64_t id = letter.id;
    replaying_[id] = std::move(letter);
  }
  return {};
}

Result<Letters::Injected> Letters::injected(const std::string& injection) const {
  const auto stored = store_.injected(injection);
  if (!stored) return tl::unexpected(stored.error());
  Injected report;
  report.stored = *stored;
  for (const auto& [id, letter] : replaying_) {
    if (!letter.actor.empty() || letter.port != injection) continue;
    ++report.waiting;
    if (const auto obstacle = obstacles_.find(letter.producer); obstacle != obstacles_.end())
      report.why = obstacle->second;
  }
  return report;
}

void Letters::put_for_dormant(const topology::Plan& plan, const std::function<bool(std::size_t actor)>& dormant,
                              ipc::FenceMode fence) {
  if (replaying_.empty()) return obstacles_.clear();
  std::set<std::string> producers;
  for (const auto& [id, letter] : replaying_) producers.insert(letter.producer);
  for (std::size_t actor = 0; actor < plan.actors.size(); ++actor)
    if (producers.contains(plan.actors[actor].spec.name) && dormant(actor)) put_for(plan, actor, fence);
}

/// In the order of the tickets, since the highest one put back speaks for all below it: one that does not fit holds up
/// those behind it.
void Letters::put_for(const topology::Plan& plan, std::size_t producer, ipc::FenceMode fence) {
  const std::string& name = plan.actors[producer].spec.name;
  std::vector<std::pair<std::uint64_t, std::int64_t>> waiting;
  for (const auto& [id, letter] : replaying_)
    if (letter.producer == name) waiting.emplace_back(letter.ticket, id);
  std::ranges::sort(waiting);
  std::vector<std::int64_t> done;
  std::string obstacle;
  auto actor = wiring_.wake(plan, producer);
  if (!actor) obstacle = actor.error().message;
  for (const auto& [ticket, id] : waiting) {
    if (!obstacle.empty() || done.size() == kPutAtOnce) break;
    const auto letter = store_.letter(id);
    if (!letter) break;
    using Outcome = ipc::DormantActor::Outcome;
    const Outcome outcome =
        still_fits(plan, *letter) ? (*actor)->put(letter->channel, letter->payload, ticket, fence) : Outcome::Unfit;
    if (outcome == Outcome::NoRoom) break;
    if (outcome == Outcome::Unfit)
      obstacle = "a message for channel " + letter->channel +
                 " cannot be put there now: its stream is closed, or it carries other messages";
    else
      done.push_back(id);
  }
  if (!done.empty())
    if (auto noted = store_.replayed(done); !noted) return complain(noted, done.front());
  for (const std::int64_t id : done) replaying_.erase(id);
  if (!obstacle.empty() && obstacles_[name] != obstacle)
    log::warn("Messages wait for a stopped producer", {{"actor", name}, {"why", obstacle}});
  if (obstacle.empty())
    obstacles_.erase(name);
  else
    obstacles_[name] = obstacle;
}

Result<std::size_t> Letters::purge(const Selection& selection) {
  if (selection.ids.empty()) return store_.purge(selection.filter);
  for (const std::int64_t id : selection.ids)
    if (auto purged = store_.purge_one(id); !purged) return fail(purged.error(), "letter " + std::to_string(id));
  return selection.ids.size();
}

}  // namespace steady::runtime
