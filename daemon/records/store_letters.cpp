#include <algorithm>

#include "records/row_limit.hpp"
#include "records/schema.hpp"
#include "records/store.hpp"

namespace steady::records {
namespace {

using State = DeadLetter::State;

const std::string kFields =
    "id, state, at_unix_ns, actor, port, channel, producer, ring_incarnation, sequence, message_hash, message, text, "
    "deliveries, incident, ticket";

const std::string kMatches =
    "(?1 = '' OR actor = ?1) AND (?2 = '' OR channel = ?2) AND (?3 = '' OR producer = ?3) AND (?4 < 0 OR state = ?4)";

int number_of(State state) { return static_cast<int>(state); }

int number_of(const std::optional<State>& state) { return state ? number_of(*state) : -1; }

/// In the order of kFields; an initializer list is evaluated from left to right.
DeadLetter letter_at(Statement& row) {
  return {.id = row.integer(),
          .state = static_cast<State>(row.integer()),  // a CHECK holds it within
          .at_unix_ns = row.integer(),
          .actor = row.bytes(),
          .port = row.bytes(),
          .channel = row.bytes(),
          .producer = row.bytes(),
          .ring_incarnation = row.number(),
          .sequence = row.number(),
          .message_hash = row.number(),
          .message = row.bytes(),
          .payload = {},
          .text = row.bytes(),
          .deliveries = static_cast<std::uint32_t>(row.integer()),
          .incident = row.integer(),
          .ticket = row.number()};
}

tl::unexpected<Error> no_letter(std::int64_t id) {
  return fail(ErrorCode::NotFound, "there is no dead letter " + std::to_string(id));
}

/// The id under which the same message of the same reader is stored, or 0.
Result<std::int64_t> id_of(const Database& database, const DeadLetter& letter) {
  auto rows = database.prepare(
      "SELECT id FROM letters WHERE actor = ? AND port = ? AND channel = ? AND ring_incarnation = ? AND sequence = ?",
      letter.actor, letter.port, letter.channel, letter.ring_incarnation, letter.sequence);
  const auto row = rows.step();
  if (!row) return tl::unexpected(row.error());
  return *row ? rows.integer() : 0;
}

Status insert(const Database& database, const DeadLetter& letter, State state, std::uint64_t ticket,
              const std::string& payload) {
  return database.run(
      "INSERT INTO letters (state, at_unix_ns, actor, port, channel, producer, ring_incarnation, sequence, "
      "message_hash, message, text, deliveries, incident, ticket, payload) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      number_of(state), letter.at_unix_ns, letter.actor, letter.port, letter.channel, letter.producer,
      letter.ring_incarnation, letter.sequence, letter.message_hash, letter.message, letter.text, letter.deliveries,
      letter.incident, ticket, Blob{payload});
}

/// Where an injection's count stands among the tickets: no actor's name has a blank.
std::string key_of(const std::string& injection) { return "injection " + injection; }

}  // namespace

Status Store::count_letters() {
  auto rows = database_->prepare("SELECT actor, count(*), sum(length(payload)) FROM letters GROUP BY actor");
  return rows.each([&](Statement& row) {
    auto actor = row.bytes();
    const auto count = row.number();
    letter_counts_[std::move(actor)] = count;
    letters_ += count;
    letter_bytes_ += row.number();
  });
}

void Store::forget(const std::string& actor, std::uint64_t payload_bytes) {
  const auto counted = letter_counts_.find(actor);
  if (counted != letter_counts_.end() && --counted->second == 0) letter_counts_.erase(counted);
  letters_ -= 1;
  letter_bytes_ -= payload_bytes;
}

Status Store::check_room(std::size_t letters, std::uint64_t bytes) const {
  if (letters_ + letters > limits_.letters)
    return fail(ErrorCode::Exhausted, "there are " + std::to_string(letters_) + " dead letters; no more are taken");
  const std::uint64_t room = limits_.letter_bytes - std::min(letter_bytes_, limits_.letter_bytes);
  if (bytes > room)
    return fail(ErrorCode::Exhausted, "the dead letters have " + std::to_string(letter_bytes_) + " bytes of the " +
                                          std::to_string(limits_.letter_bytes) + " that they may; one of " +
                                          std::to_string(bytes) + " is not taken");
  return {};
}

Result<std::int64_t> Store::take(const DeadLetter& letter) {
  const auto known = id_of(*database_, letter);
  if (!known || *known != 0) return known;
  if (auto room = check_room(1, letter.payload.size()); !room) return tl::unexpected(std::move(room.error()));
  if (auto added = insert(*database_, letter, State::Moving, 0, letter.payload); !added) return tl::unexpected(std::move(added.error()));
  letter_counts_[letter.actor] += 1;
  letters_ += 1;
  letter_bytes_ += letter.payload.size();
  return database_->last_id();
}

Status Store::held(std::int64_t id) {
  return database_->run("UPDATE letters SET state = ? WHERE id = ? AND state = ?", number_of(State::Held), id,
                        number_of(State::Moving));
}

Result<std::vector<DeadLetter>> Store::letters(const LetterFilter& filter, std::size_t limit) const {
  return database_
      ->prepare("SELECT " + kFields + " FROM letters WHERE " + kMatches +
                    " AND (?6 = 0 OR actor <> '') ORDER BY id DESC LIMIT ?5",
                filter.actor, filter.channel, filter.producer, number_of(filter.state), row_limit(limit),
                filter.dead ? 1 : 0)
      .all(&letter_at);
}

Result<DeadLetter> Store::letter(std::int64_t id) const {
  auto rows = database_->prepare("SELECT " + kFields + ", payload FROM letters WHERE id = ?", id);
  const auto row = rows.step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return no_letter(id);
  auto found = letter_at(rows);
  found.payload = rows.bytes();
  return found;
}

Result<std::uint64_t> Store::next_ticket(const std::string& producer, std::uint64_t least) {
  auto rows = database_->prepare("SELECT last FROM tickets WHERE producer = ?", producer);
  const auto row = rows.step();
  if (!row) return tl::unexpected(row.error());
  const auto ticket = std::max({*row ? rows.number() + 1 : 1, least, std::uint64_t{1}});
  if (ticket >= static_cast<std::uint64_t>(kNumberMax))
    return fail(ErrorCode::Invalid, "ticket " + std::to_string(ticket) + " of " + producer + " is too high");
  auto stored = database_->run("INSERT OR REPLACE INTO tickets (producer, last) VALUES (?, ?)", producer, ticket);
  if (!stored) return tl::unexpected(std::move(stored.error()));
  return ticket;
}

Result<DeadLetter> Store::begin_replay(std::int64_t id, std::uint64_t least_ticket) {
  auto found = letter(id);
  if (!found || found->state == State::Replaying) return found;
  if (found->state == State::Moving)
    return fail(ErrorCode::Busy, "dead letter " + std::to_string(id) + " is still being taken from its channel");
  auto status = database_->transact([&]() -> Status {
    const auto ticket = next_ticket(found->producer, least_ticket);
    if (!ticket) return tl::unexpected(ticket.error());
    found->state = State::Replaying;
    found->ticket = *ticket;
    return database_->run("UPDATE letters SET state = ?, ticket = ? WHERE id = ?", number_of(State::Replaying), *ticket,
                          id);
  });
  if (!status) return tl::unexpected(std::move(status.error()));
  return found;
}

/// Deletes, and returns how many it were.
template <class... Values>
Result<std::size_t> Store::remove_letters(const std::string& which, const Values&... values) {
  auto rows =
      database_->prepare("DELETE FROM letters WHERE " + which + " RETURNING actor, length(payload)", values...);
  const auto removed = rows.all([](Statement& row) {
    auto actor = row.bytes();
    return std::pair(std::move(actor), row.number());
  });
  if (!removed) return tl::unexpected(removed.error());
  for (const auto& [actor, payload_bytes] : *removed) forget(actor, payload_bytes);  // all of it has happened
  return removed->size();
}

Status Store::replayed(std::int64_t id) {
  const auto removed = remove_letters("id = ?", id);
  return removed ? Status() : tl::unexpected(removed.error());
}

Status Store::replayed(const std::vector<std::int64_t>& ids) {
  return database_->transact([&]() -> Status {
    for (const std::int64_t id : ids)
      if (auto done = replayed(id); !done) return done;
    return {};
  });
}

Result<std::vector<DeadLetter>> Store::inject(const DeadLetter& like, std::uint64_t first,
                                              const std::vector<std::string>& payloads, std::uint64_t least_ticket) {
  const auto known = injected(like.port);
  if (!known) return tl::unexpected(known.error());
  if (first > *known)
    return fail(ErrorCode::Invalid, "message " + std::to_string(first) + " of an injection that has stored " +
                                        std::to_string(*known));
  std::vector<DeadLetter> stored;
  std::uint64_t bytes = 0;
  for (std::uint64_t i = *known - first; i < payloads.size(); ++i) bytes += payloads[i].size();
  const std::uint64_t count = payloads.size() - std::min<std::uint64_t>(payloads.size(), *known - first);
  if (count == 0) return stored;
  if (auto room = check_room(count, bytes); !room) return tl::unexpected(std::move(room.error()));
  auto status = database_->transact([&]() -> Status {
    auto ticket = next_ticket(like.producer, least_ticket);
    if (!ticket) return tl::unexpected(ticket.error());
    for (std::uint64_t i = *known - first; i < payloads.size(); ++i, ++*ticket) {
      DeadLetter& letter = stored.emplace_back(like);
      letter.state = State::Replaying;
      letter.sequence = first + i;
      letter.ticket = *ticket;
      if (auto added = insert(*database_, letter, letter.state, letter.ticket, payloads[i]); !added) return added;
      letter.id = database_->last_id();
    }
    if (auto kept = next_ticket(like.producer, *ticket - 1); !kept) return tl::unexpected(kept.error());
    return database_->run("INSERT OR REPLACE INTO tickets (producer, last) VALUES (?, ?)", key_of(like.port),
                          first + payloads.size());
  });
  if (!status) return tl::unexpected(std::move(status.error()));
  letter_counts_[like.actor] += count;
  letters_ += count;
  letter_bytes_ += bytes;
  return stored;
}

Result<std::uint64_t> Store::injected(const std::string& injection) const {
  auto rows = database_->prepare("SELECT last FROM tickets WHERE producer = ?", key_of(injection));
  const auto row = rows.step();
  if (!row) return tl::unexpected(row.error());
  return *row ? rows.number() : 0;
}

Status Store::forget_injection(const std::string& injection) {
  return database_->run("DELETE FROM tickets WHERE producer = ?", key_of(injection));
}

Result<std::size_t> Store::purge(const LetterFilter& filter) {
  return remove_letters(kMatches + " AND state = ?5", filter.actor, filter.channel, filter.producer,
                        number_of(filter.state), number_of(State::Held));
}

Status Store::purge_one(std::int64_t id) {
  const auto removed = remove_letters("id = ? AND state = ?", id, number_of(State::Held));
  if (!removed) return tl::unexpected(removed.error());
  if (*removed > 0) return {};
  if (const auto found = letter(id); !found) return tl::unexpected(found.error());
  return fail(ErrorCode::Busy, "dead letter " + std::to_string(id) + " is on its way; only one that is held can go");
}

}  // namespace steady::records
