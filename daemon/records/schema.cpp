#include "records/schema.hpp"

#include <array>

namespace steady::records {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::string_view kSetVersion = "PRAGMA user_version = 1";

// SQLite keeps these texts as they are, and they are compared as such: to change one is to raise the version.
// STRICT and CHECK are there for what damage makes of a value: the check of a file that is found goes through them.
// AUTOINCREMENT: an id that an operator has noted down never comes to mean another record.
// The payload stands last: a list that leaves it out never reads its pages.
constexpr std::array<std::string_view, 3> kTables{
    "CREATE TABLE incidents ("
    "id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4611686018427387904), at_unix_ns INTEGER NOT NULL, "
    "actor TEXT NOT NULL, worker TEXT NOT NULL, generation INTEGER NOT NULL, cause TEXT NOT NULL, how TEXT NOT NULL, "
    "fault_address INTEGER, backtrace TEXT NOT NULL, stderr_tail TEXT NOT NULL, ports TEXT NOT NULL, "
    "suspect TEXT NOT NULL, decision TEXT NOT NULL) STRICT",

    "CREATE TABLE letters ("
    "id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4611686018427387904), "
    "state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2), at_unix_ns INTEGER NOT NULL, "
    "actor TEXT NOT NULL, port TEXT NOT NULL, channel TEXT NOT NULL, producer TEXT NOT NULL, "
    "ring_incarnation INTEGER NOT NULL, sequence INTEGER NOT NULL, message_hash INTEGER NOT NULL, "
    "message TEXT NOT NULL, text TEXT NOT NULL, deliveries INTEGER NOT NULL, incident INTEGER NOT NULL, "
    "ticket INTEGER NOT NULL CHECK (ticket BETWEEN 0 AND 4611686018427387904), payload BLOB NOT NULL, "
    "UNIQUE (actor, port, channel, ring_incarnation, sequence)) STRICT",

    "CREATE TABLE tickets ("
    "producer TEXT PRIMARY KEY, last INTEGER NOT NULL CHECK (last BETWEEN 1 AND 4611686018427387904)) "
    "STRICT, WITHOUT ROWID"};
static_assert(kNumberMax == 4611686018427387904, "the tables say the same");

Status check_version(const Database& database) {
  const auto version = database.value("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (*version == kVersion) return {};
  return fail(ErrorCode::Incompatible,
              "it has schema version " + *version + ", this steadyd has " + std::string(kVersion));
}

Result<std::string> tables_of(const Database& database) {
  return database.value(
      "SELECT group_concat(type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, ''), x'0a') "
      "FROM (SELECT * FROM sqlite_schema ORDER BY name)");
}

/// All that it has, and nothing beside: a trigger would act in our name. Compared with what a fresh one would be.
Status check_names(const Database& database) {
  const auto fresh = Database::open(":memory:");
  if (!fresh) return tl::unexpected(fresh.error());
  if (auto made = create_tables(*fresh); !made) return made;
  const auto expected = tables_of(*fresh);
  const auto found = tables_of(database);
  if (!expected) return tl::unexpected(expected.error());
  if (!found) return tl::unexpected(found.error());
  return *found == *expected ? Status() : fail(ErrorCode::Corrupt, "its tables are not those of steadyd");
}

/// The full check, not quick_check: that one overlooks an index that has lost its row.
Status check_pages(const Database& database) {
  const auto verdict = database.value("PRAGMA integrity_check(1)");
  if (!verdict) return tl::unexpected(verdict.error());
  return *verdict == "ok" ? Status() : fail(ErrorCode::Corrupt, *verdict);
}

/// The counters behind AUTOINCREMENT have no CHECK; one at its end would refuse every new record.
Status check_counters(const Database& database) {
  const auto wrong = database.value(
      "SELECT count(*) FROM sqlite_sequence "
      "WHERE typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND 4611686018427387903");
  if (!wrong) return tl::unexpected(wrong.error());
  return *wrong == "0" ? Status() : fail(ErrorCode::Corrupt, "its counters are out of range");
}

/// A header may claim a format that SQLite reads and does not write.
Status check_writable(const Database& database) {
  return database.read_only() ? fail(ErrorCode::Corrupt, "its header does not let it be written") : Status();
}

}  // namespace

Status create_tables(const Database& database) {
  return database.transact([&]() -> Status {
    for (const auto table : kTables)
      if (auto made = database.run(table); !made) return made;
    return database.run(kSetVersion);
  });
}

Status check_tables(const Database& database) {
  for (const auto check : {&check_version, &check_names, &check_pages, &check_counters, &check_writable})
    if (auto status = check(database); !status) return status;
  return {};
}

}  // namespace steady::records
