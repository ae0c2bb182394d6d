#include "file/tail.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "file/fingerprint.hpp"
#include "file/line.hpp"

namespace steady::file {

Tail::Tail() {
  run_when(lines_.has_room(1));
}

void Tail::start() {
  if (*from_ != "beginning" && *from_ != "end")
    throw std::invalid_argument("parameter from: expected beginning or end, found '" + *from_ + "'");
}

void Tail::step() {
  try {
    if (reader_.is_open() || open_file())
      read_and_send();
    else
      wait_for_timer();
  } catch (const std::system_error& error) {  // of the file, which may recover: nothing is lost by waiting
    warn_once(error.what());
    wait_for_timer();
  }
}

// ---- which file ----------------------------------------------------------------------------------------------------

bool Tail::open_file() {
  const bool opened = place_.value().known ? resume() : begin_at_path();
  if (opened)
    warned_.clear();
  else if (warned_.empty())
    show("waiting for " + *path_);
  if (!place_.value().looked) place_.change().looked = true;
  return opened;
}

/// Goes on where the generation before stopped, also when the file has another name by now.
bool Tail::resume() {
  const Place& place = place_.value();
  const auto at_path = status_at(*path_);
  const auto where =
      at_path && at_path->id.inode == place.file.inode ? *path_ : find_beside(*path_, place.file.inode).value_or("");
  auto file = where.empty() ? std::nullopt : open_regular(where);
  if (file && is_the_known_one(*file, where)) {
    const auto id = status_of(*file, where).id;
    if (id != place.file) place_.change().file = id;  // a device may have another number after a reboot
    reader_ = Reader(std::move(*file), where, place.offset);
    show("following " + where);
    return true;
  }
  if (!at_path) return false;
  warn("The file read so far is gone; what was not read of it is lost. Beginning with the new " + *path_);
  return begin_at_path();
}

/// A file that kept its path is taken for the known one, and may turn out to be cut. Any other must have the bytes that
/// were read; if none were, its name must begin like the path.
bool Tail::is_the_known_one(const Descriptor& file, const std::string& path) const {
  const Place& place = place_.value();
  const auto status = status_of(file, path);
  if (status.id == place.file && (path == *path_ || (place.print.length == 0 && path.starts_with(*path_)))) return true;
  return status.id.inode == place.file.inode && place.print.length > 0 && status.size >= place.offset &&
         matches(file, path, place.print);
}

bool Tail::begin_at_path() {
  auto file = open_regular(*path_);
  if (!file) return false;
  const bool at_end = *from_ == "end" && !place_.value().looked;
  const auto offset = at_end ? status_of(*file, *path_).size : 0;
  go_to(Reader(std::move(*file), *path_, offset), offset);
  return true;
}

void Tail::go_to(Reader reader, std::uint64_t offset) {
  reader_ = std::move(reader);
  Place& place = place_.change();
  place = Place{};
  place.looked = place.known = true;
  place.file = reader_.status().id;
  place.offset = offset;
  place.print = fingerprint_before(reader_.file(), reader_.path(), offset);
  replaced_at_.reset();
  show("following " + *path_);
}

/// Nothing when there is no such file. Throws std::system_error when it cannot be read.
std::optional<Descriptor> Tail::open_regular(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw os_error("open", path);
  }
  if (!status_of(file, path).regular)
    throw std::system_error(EINVAL, std::generic_category(), "cannot follow " + path + ", which is no regular file");
  return file;
}

/// Whether another file has had the path for long enough that nobody writes to this one any more.
bool Tail::replaced() {
  const auto at_path = status_at(*path_);
  if (!at_path || at_path->id == place_.value().file) {
    replaced_at_.reset();
    return false;
  }
  if (!replaced_at_) replaced_at_ = now();
  return !*follow_ || now() - *replaced_at_ >= *rotate_wait_;
}

// ---- what is in it
// ---------------------------------------------------------------------------------------------------

void Tail::read_and_send() {
  for (;;) {
    if (send(false) == Sent::NoRoom) return;
    if (read_more()) continue;
    const bool gone = replaced();
    if (*follow_ && !gone) return wait_for_timer();
    if (send(true) == Sent::NoRoom) return;
    if (!gone) return end();
    auto file = open_regular(*path_);
    if (!file) return wait_for_timer();
    rotations_.add();
    go_to(Reader(std::move(*file), *path_, 0), 0);
  }
}

bool Tail::read_more() {
  recognise_truncation();
  return reader_.fill();
}

void Tail::recognise_truncation() {
  const Place& place = place_.value();
  const auto size = reader_.status().size;
  if (size < place.offset || !matches(reader_.file(), reader_.path(), place.print)) {
    warn(reader_.path() + " was cut or rewritten: reading it from its start");
    truncations_.add();
    Place& changed = place_.change();
    changed.offset = 0;
    changed.in_cut_line = false;
    changed.print = Fingerprint{};
    reader_.rewind(0);
  } else if (size < place.offset + reader_.buffered().size()) {
    reader_.rewind(place.offset);
  }
}

/// Sends the complete lines that are buffered; with `last`, also what follows them.
Tail::Sent Tail::send(bool last) {
  std::uint64_t longest = lines_.longest();
  if (*longest_ > 0) longest = std::min<std::uint64_t>(longest, *longest_);
  while (const auto line = first_line(reader_.buffered(), longest, last)) {
    if (!lines_.put(line->text)) {
      wait_for_room(line->text.size());
      return Sent::NoRoom;
    }
    Place& place = place_.change();
    if (line->cut && !place.in_cut_line) lines_cut_.add();
    place.in_cut_line = line->cut;
    place.print.add(reader_.buffered().substr(0, line->consumed));
    place.offset += line->consumed;
    reader_.consume(line->consumed);
  }
  return Sent::All;
}

// ---- when to go on
// ---------------------------------------------------------------------------------------------------

void Tail::wait_for_timer() {
  run_when(every(*poll_));
}

void Tail::wait_for_room(std::uint64_t length) {
  run_when(lines_.has_room(length));
}

void Tail::warn_once(const std::string& text) {
  if (warned_ == text) return;
  warn(text);
  show(text);
  warned_ = text;
}

void Tail::show(const std::string& text) {
  if (shown_ == text) return;
  note(text);
  shown_ = text;
}

}  // namespace steady::file
