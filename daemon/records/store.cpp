#include "records/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.hpp"
#include "records/schema.hpp"
#include "records/set_aside.hpp"

namespace steady::records {
namespace {

/// Makes sure of a regular file that only its owner may read. True: it was there before.
Result<bool> prepare_file(const std::string& path) {
  struct stat status {};
  const bool existed = ::lstat(path.c_str(), &status) == 0;
  auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK);  // O_NONBLOCK: opening a FIFO must not hang
  if (!fd) return tl::unexpected(std::move(fd.error()));
  if (::fstat(fd->get(), &status) != 0) return fail_errno(path);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::Corrupt, path + ": is not a regular file");
  if (existed && status.st_size == 0) return fail(ErrorCode::Corrupt, path + ": is empty");
  if (!existed && ::fchmod(fd->get(), 0600) != 0) return fail_errno(path);
  return existed;
}

/// The tables are made before the log is switched on: what is in the file itself survives the loss of the log, so a
/// database without tables is never just a young one.
Result<Database> open_database(const std::string& path) {
  const auto existed = prepare_file(path);
  if (!existed) return tl::unexpected(existed.error());
  auto database = Database::open(path);
  if (!database) return database;
  if (auto status = *existed ? check_tables(*database) : create_tables(*database); !status)
    return tl::unexpected(std::move(status.error()));
  for (const auto setting : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"})
    if (auto status = database->run(setting); !status) return tl::unexpected(std::move(status.error()));
  return database;
}

/// Everything else is the file's fault, however SQLite calls it.
bool could_cure(const Error& error) {
  return error.code != ErrorCode::Denied && error.code != ErrorCode::Exhausted && error.code != ErrorCode::Busy;
}

}  // namespace

Store::Store(std::unique_ptr<Database> database, Limits limits) : database_(std::move(database)), limits_(limits) {}

Store::~Store() = default;

Result<Store::Opened> Store::open(const std::string& path, Limits limits) {
  std::string why;
  auto database = open_database(path);
  if (!database && could_cure(database.error())) {
    const auto target = set_aside(path);
    if (!target) return fail(target.error(), "cannot move a damaged database aside");
    if (target->empty()) return tl::unexpected(std::move(database.error()));
    why = database.error().message + "; moved to " + *target;
    database = open_database(path);
  }
  if (!database) return tl::unexpected(std::move(database.error()));
  std::unique_ptr<Store> store(new Store(std::make_unique<Database>(std::move(*database)), limits));
  if (auto counted = store->count_letters(); !counted) return tl::unexpected(std::move(counted.error()));
  return Opened{std::move(store), std::move(why)};
}

}  // namespace steady::records
