// SQLite, thinly: handles that close themselves, errors as values. One thread at a time.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace steady::records {

/// Bytes that are no text.
struct Blob {
  std::string_view bytes;
};

/// One prepared statement with its values. What went wrong while it was prepared or bound comes back from step().
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  /// Binds the next value. An unsigned number beyond the signed ones is stored as a negative one; number() knows.
  template <std::integral Number>
  void bind(Number value) {
    bind_number(static_cast<std::int64_t>(value));
  }
  void bind(std::optional<std::uint64_t> value);
  /// Any bytes; they come back as they are.
  void bind(const std::string& text);
  void bind(Blob blob);

  /// True: at a row; false: done.
  [[nodiscard]] Result<bool> step();
  /// Steps until it is done; `at_row` reads each row.
  template <class AtRow>
  [[nodiscard]] Status each(const AtRow& at_row) {
    for (;;) {
      const auto row = step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return {};
      at_row(*this);
    }
  }
  [[nodiscard]] Status run() {
    return each([](Statement&) {});
  }
  /// Every row, as `read` makes it of the row's columns.
  template <class Read, class Item = std::invoke_result_t<Read, Statement&>>
  [[nodiscard]] Result<std::vector<Item>> all(const Read& read) {
    std::vector<Item> found;
    auto done = each([&](Statement& row) { found.push_back(read(row)); });
    if (!done) return tl::unexpected(std::move(done.error()));
    return found;
  }

  // Each reads the next column of the row; of another type it reads as 0 or as empty.
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] std::uint64_t number() { return static_cast<std::uint64_t>(integer()); }
  [[nodiscard]] std::optional<std::uint64_t> optional_number();
  [[nodiscard]] std::string bytes();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void bind_number(std::int64_t value);
  void keep(int code);

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int failure_ = SQLITE_OK;  ///< the first one
  int bound_ = 0;
  int column_ = 0;
};

class Database {
 public:
  /// Opens an existing file for reading and writing; nothing is read yet, so damage shows later.
  [[nodiscard]] static Result<Database> open(const std::string& path);

  /// A statement with a value for each of its question marks.
  template <class... Values>
  [[nodiscard]] Statement prepare(std::string_view sql, const Values&... values) const {
    Statement statement(handle_.get(), sql);
    (statement.bind(values), ...);
    return statement;
  }
  template <class... Values>
  [[nodiscard]] Status run(std::string_view sql, const Values&... values) const {
    return prepare(sql, values...).run();
  }
  /// The first column of the first row, as text; empty when there is no row.
  [[nodiscard]] Result<std::string> value(std::string_view sql) const;

  /// Runs `work` in a transaction: all of it happens, or nothing.
  [[nodiscard]] Status transact(const std::function<Status()>& work) const;

  /// Known after the first read.
  [[nodiscard]] bool read_only() const { return sqlite3_db_readonly(handle_.get(), "main") != 0; }
  /// Of the newest row that was inserted.
  [[nodiscard]] std::int64_t last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  using Handle = std::unique_ptr<sqlite3, Close>;
  explicit Database(Handle handle) : handle_(std::move(handle)) {}

  Handle handle_;
};

}  // namespace steady::records
