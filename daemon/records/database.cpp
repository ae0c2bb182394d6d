#include "records/database.hpp"

namespace steady::records {
namespace {

/// Somebody else may look into the database while steadyd runs; the loop does not wait for long.
constexpr int kBusyMilliseconds = 1'000;

ErrorCode code_of(sqlite3* database, int code) {
  // The file was opened for writing, so this says that its header claims a format of which we may only read.
  if (code == SQLITE_READONLY) return ErrorCode::Corrupt;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::Corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ErrorCode::Denied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::Busy;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM: return ErrorCode::Exhausted;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: return code_of_errno(sqlite3_system_errno(database));
    default: return ErrorCode::System;
  }
}

tl::unexpected<Error> failure(sqlite3* database, int code) {
  const char* path = sqlite3_db_filename(database, "main");
  return fail(code_of(database, code), std::string(path == nullptr ? "" : path) + ": " + sqlite3_errmsg(database));
}

}  // namespace

// ---- statement

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  keep(sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement, nullptr));
  handle_.reset(statement);
}

void Statement::keep(int code) {
  if (failure_ == SQLITE_OK) failure_ = code;
}

void Statement::bind_number(std::int64_t value) {
  if (handle_ != nullptr) keep(sqlite3_bind_int64(handle_.get(), ++bound_, value));
}

void Statement::bind(std::optional<std::uint64_t> value) {
  if (value) return bind(*value);
  if (handle_ != nullptr) keep(sqlite3_bind_null(handle_.get(), ++bound_));
}

void Statement::bind(const std::string& text) {
  if (handle_ != nullptr)
    keep(sqlite3_bind_text64(handle_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(Blob blob) {
  // An empty one must not be a null pointer: that would be bound as NULL.
  const char* data = blob.bytes.empty() ? "" : blob.bytes.data();
  if (handle_ != nullptr)
    keep(sqlite3_bind_blob64(handle_.get(), ++bound_, data, blob.bytes.size(), SQLITE_TRANSIENT));
}

Result<bool> Statement::step() {
  if (failure_ != SQLITE_OK) return failure(database_, failure_);
  column_ = 0;
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  keep(sqlite3_extended_errcode(database_));
  return failure(database_, failure_);
}

std::int64_t Statement::integer() { return sqlite3_column_int64(handle_.get(), column_++); }

std::optional<std::uint64_t> Statement::optional_number() {
  if (sqlite3_column_type(handle_.get(), column_) != SQLITE_NULL) return number();
  ++column_;
  return std::nullopt;
}

std::string Statement::bytes() {
  const int column = column_++;
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data == nullptr ? "" : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

// ---- database

Result<Database> Database::open(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle handle(opened);
  if (opened == nullptr) return fail(ErrorCode::Exhausted, path + ": there is no memory for a database");
  if (code != SQLITE_OK)
    return fail(code_of(opened, sqlite3_extended_errcode(opened)), path + ": " + sqlite3_errmsg(opened));
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  return Database(std::move(handle));
}

Result<std::string> Database::value(std::string_view sql) const {
  auto statement = prepare(sql);
  const auto row = statement.step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement.bytes() : std::string();
}

Status Database::transact(const std::function<Status()>& work) const {
  if (auto begun = run("BEGIN IMMEDIATE"); !begun) return begun;
  auto status = work();
  if (status) status = run("COMMIT");
  if (!status) (void)run("ROLLBACK");  // SQLite may have done it already; the first error is the one to tell
  return status;
}

}  // namespace steady::records
