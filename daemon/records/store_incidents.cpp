#include <nlohmann/json.hpp>

#include "records/lists.hpp"
#include "records/row_limit.hpp"
#include "records/schema.hpp"
#include "records/store.hpp"

namespace steady::records {
namespace {

const std::string kSelect =
    "SELECT id, at_unix_ns, actor, worker, generation, cause, how, fault_address, backtrace, stderr_tail, ports, "
    "suspect, decision FROM incidents ";

/// In the order of kSelect; an initializer list is evaluated from left to right.
Incident incident_at(Statement& row) {
  return {.id = row.integer(),
          .at_unix_ns = row.integer(),
          .actor = row.bytes(),
          .worker = row.bytes(),
          .generation = row.number(),
          .cause = row.bytes(),
          .how = row.bytes(),
          .fault_address = row.optional_number(),
          .backtrace = frames_in(row.bytes()),
          .stderr_tail = lines_in(row.bytes()),
          .ports = ports_in(row.bytes()),
          .suspect = row.bytes(),
          .decision = row.bytes()};
}

Status insert(const Database& database, const Incident& incident) {
  return database.run(
      "INSERT INTO incidents (at_unix_ns, actor, worker, generation, cause, how, fault_address, backtrace, "
      "stderr_tail, ports, suspect, decision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      incident.at_unix_ns, incident.actor, incident.worker, incident.generation, incident.cause, incident.how,
      incident.fault_address, column_of(list_json(incident.backtrace)), column_of(incident.stderr_tail),
      column_of(list_json(incident.ports)), incident.suspect, incident.decision);
}

Status remove_oldest(const Database& database, std::size_t kept) {
  return database.run(
      "DELETE FROM incidents WHERE id <= (SELECT id FROM incidents ORDER BY id DESC LIMIT 1 OFFSET ?)",
      row_limit(kept));
}

}  // namespace

Result<std::int64_t> Store::add(const Incident& incident) {
  std::int64_t id = 0;
  const auto status = database_->transact([&]() -> Status {
    if (auto added = insert(*database_, incident); !added) return added;
    id = database_->last_id();
    return remove_oldest(*database_, limits_.incidents);
  });
  if (!status) return tl::unexpected(status.error());
  return id;
}

Status Store::set_backtrace(std::int64_t incident, const std::vector<StackFrame>& frames) {
  return database_->run("UPDATE incidents SET backtrace = ? WHERE id = ?", column_of(list_json(frames)), incident);
}

Status Store::set_decision(std::int64_t incident, const std::string& decision) {
  return database_->run("UPDATE incidents SET decision = ? WHERE id = ?", decision, incident);
}

Result<std::vector<Incident>> Store::incidents(const std::string& actor, std::size_t limit) const {
  return database_
      ->prepare(kSelect + "WHERE ?1 = '' OR actor = ?1 ORDER BY id DESC LIMIT ?2", actor, row_limit(limit))
      .all(&incident_at);
}

Result<Incident> Store::incident(std::int64_t id) const {
  auto rows = database_->prepare(kSelect + "WHERE id = ?", id);
  const auto row = rows.step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::NotFound, "there is no incident " + std::to_string(id));
  return incident_at(rows);
}

}  // namespace steady::records
