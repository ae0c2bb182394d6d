// The tables of the database, and whether a file that is found has exactly them. Loop thread only.
#pragma once

#include "base/result.hpp"
#include "records/database.hpp"

namespace steady::records {

/// The highest id or ticket that is ever given.
inline constexpr std::int64_t kNumberMax = std::int64_t{1} << 62;

/// Makes the tables in an empty database, all or none.
[[nodiscard]] Status create_tables(const Database& database);

/// Reads the whole file. Errors: Incompatible when it is of another version; Corrupt, or whatever SQLite stumbles over,
/// when its tables are not ours, its pages, indexes and values do not fit together, or it cannot be written.
[[nodiscard]] Status check_tables(const Database& database);

}  // namespace steady::records
