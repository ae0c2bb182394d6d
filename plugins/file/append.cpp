#include "file/append.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <steady/json.hpp>

namespace steady::file {
namespace {

constexpr std::size_t kBatchBytes = 1 << 20;

void create_parent(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  if (parent.empty() || ::mkdir(parent.c_str(), 0777) == 0 || errno == EEXIST) return;
  throw os_error("create the directory", parent.string());
}

/// Cuts off what lies behind `length`, if anything does.
void cut_back(const Descriptor& file, const std::string& path, std::uint64_t length) {
  if (status_of(file, path).size > length && ::ftruncate(file.get(), static_cast<off_t>(length)) != 0)
    throw os_error("cut back", path);
}

}  // namespace

/// A transaction of its own: where the file ends now is committed before anything is written to it.
void Append::start() {
  open_file();
  const Place& place = place_.value();
  if (!place.known) return adopt();
  if (is_the_known_one(file_, *path_)) return cut_back(file_, *path_, place.length);
  warn(*path_ + " is not as it was left: going on at its end");
  cut_uncommitted_of_the_renamed();
  adopt();
}

void Append::step() {
  if (moved_away()) {
    info(*path_ + " was moved away: going on with a new file");
    open_file();
    return adopt();  // and write from the next step on, when this is committed
  }
  collect();
  write(buffer_);
  if (*sync_ && ::fdatasync(file_.get()) != 0) throw os_error("write", *path_);
  Place& place = place_.change();
  place.length += buffer_.size();
  place.print.add(buffer_);
}

void Append::open_file() {
  create_parent(*path_);
  file_ = Descriptor(::open(path_->c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666));
  if (!file_) throw os_error("open", *path_);
  if (!status_of(file_, *path_).regular) throw std::runtime_error("cannot append to " + *path_ + ": no regular file");
  // Whoever cuts a file back must be the only one who writes it. The lock ends with the process.
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK) throw std::runtime_error("cannot append to " + *path_ + ": another process does");
  throw os_error("lock", *path_);
}

void Append::adopt() {
  const auto status = status_of(file_, *path_);
  place_.change() = {true, status.id, status.size, fingerprint_of_start(file_, *path_, status.size)};
}

/// A device may have another number after a reboot; the bytes then tell. A file in which none were committed is known
/// by its number alone.
bool Append::is_the_known_one(const Descriptor& file, const std::string& path) const {
  const Place& place = place_.value();
  const auto status = status_of(file, path);
  const bool same_id = place.length == 0 ? status.id == place.file : status.id.inode == place.file.inode;
  return same_id && status.size >= place.length && matches(file, path, place.print);
}

/// The file that was written last may have been renamed while nobody ran: what is uncommitted there comes again here.
void Append::cut_uncommitted_of_the_renamed() {
  const Place& place = place_.value();
  const auto path = find_beside(*path_, place.file.inode);
  if (!path || place.length == 0) return;
  const Descriptor renamed(::open(path->c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!renamed) throw os_error("open", *path);
  if (is_the_known_one(renamed, *path)) cut_back(renamed, *path, place.length);
}

bool Append::moved_away() const {
  const auto status = status_at(*path_);
  return !status || status->id != place_.value().file;
}

/// Takes items into buffer_, about kBatchBytes at most.
void Append::collect() {
  buffer_.clear();
  for (auto lane : lines_) {
    const steady_message* const message = lane.message();
    while (buffer_.size() < kBatchBytes) {
      const auto item = lane.next();
      if (!item) break;
      if (message != nullptr)
        append_json(buffer_, *message, *item);
      else
        buffer_ += *item;
      buffer_ += '\n';
    }
  }
}

/// Writes behind the committed length. Throws std::system_error; the step is then not committed, and nothing is lost.
void Append::write(std::string_view bytes) {
  auto offset = place_.value().length;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw os_error("write", *path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

}  // namespace steady::file
