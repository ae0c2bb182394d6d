#include "ipc/segments.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <set>
#include <string_view>

#include "base/files.hpp"
#include "ipc/ring.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {
namespace {

std::uint64_t new_incarnation() {
  std::uint64_t value = 0;
  while (value == 0 && ::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
  }
  return value;
}

SegmentHeader make_header(SegmentKind kind, std::uint64_t size_bytes) {
  SegmentHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.layout_version = kLayoutVersion;
  header.kind = kind;
  header.size_bytes = size_bytes;
  header.incarnation = new_incarnation();
  return header;
}

std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// Whether a file is called "channel-NAME.to-..." for one of `channels`.
bool is_reader_page_of(std::string_view file, const std::set<std::string, std::less<>>& channels) {
  constexpr std::string_view kBegin = "channel-";
  if (!file.starts_with(kBegin)) return false;
  file.remove_prefix(kBegin.size());
  for (auto at = file.find(".to-"); at != std::string_view::npos; at = file.find(".to-", at + 1))
    if (channels.contains(file.substr(0, at))) return true;
  return false;
}

/// A file of ours that is there and can be mapped; NotFound when there is none, any other error when it cannot be right.
Result<Mapping> open_existing(const std::string& path, SegmentKind kind) {
  auto fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);  // O_NONBLOCK: opening a FIFO must not hang
  if (!fd) return tl::unexpected(std::move(fd.error()));
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return fail_errno(path);
  if (status.st_uid != ::geteuid())
    return fail(ErrorCode::Denied, "belongs to user " + std::to_string(status.st_uid) + ", not to steadyd's " +
                                       std::to_string(::geteuid()));
  return map_segment(fd->get(), kind, Access::ReadOnly);
}

/// The file itself may be sound and hold messages: what is missing is a descriptor or memory. It stays.
bool is_obstacle(const Result<Mapping>& found) { return !found && found.error().code == ErrorCode::Exhausted; }

Status create_ring(const std::string& path, const RingSpec& spec) {
  const std::uint64_t ring_bytes = std::bit_ceil(std::max<std::uint64_t>(spec.capacity_bytes, kPage));
  RingPage page{};
  page.header = make_header(SegmentKind::Ring, kPage + ring_bytes);
  page.ring_bytes = ring_bytes;
  page.capacity_bytes = spec.capacity_bytes;
  page.message_bytes = spec.message_bytes;
  page.message_hash = spec.message_hash;
  page.wake_at.store(kAwake, std::memory_order_relaxed);
  return create_segment(path, &page, sizeof page, page.header.size_bytes);
}

Status create_actor(const std::string& path, const ActorSpec& spec) {
  ActorPage page{};
  page.state_bytes = spec.state_bytes;
  page.state_version = spec.state_version;
  page.metric_count = spec.metric_count;
  page.block_bytes = spec.state_bytes + spec.metric_count * 8;
  page.block_stride = whole_pages(page.block_bytes);
  page.header = make_header(SegmentKind::Actor, kActorBlocksOffset + 2 * page.block_stride);
  page.generation.store(kAwake, std::memory_order_relaxed);  // the first start makes it 0
  return create_segment(path, &page, sizeof page, page.header.size_bytes);
}

Status clear_word(const std::string& path, off_t offset) {
  auto fd = open_file(path, O_RDWR | O_NOFOLLOW);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  const std::uint64_t zero = 0;
  if (::pwrite(fd->get(), &zero, sizeof zero, offset) != static_cast<ssize_t>(sizeof zero)) return fail_errno(path);
  return {};
}

/// Why the ring at hand cannot serve, or nothing.
std::string unfit(const RingPage& page, const RingSpec& spec) {
  const RingShape shape{page.header.incarnation, page.ring_bytes, page.capacity_bytes, page.message_bytes};
  if (page.header.size_bytes != kPage + shape.ring_bytes || !shape.possible()) return "its sizes contradict each other";
  if (page.message_bytes != spec.message_bytes || page.message_hash != spec.message_hash)
    return "it holds messages of another layout";
  return {};
}

}  // namespace

std::string Segments::ring_path(const std::string& channel) const { return directory_ + "/channel-" + channel + ".ring"; }
std::string Segments::reader_path(const std::string& channel, const std::string& reader) const {
  return directory_ + "/channel-" + channel + ".to-" + reader + ".reader";
}
std::string Segments::actor_path(const std::string& actor) const { return directory_ + "/actor-" + actor + ".actor"; }
std::string Segments::bell_path(const std::string& actor) const { return directory_ + "/actor-" + actor + ".bell"; }

Status Segments::prepare() const {
  if (const auto made = make_directories(directory_); !made) return made;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error))
    if (entry.path().extension() == ".new") ::unlink(entry.path().c_str());
  if (error) return fail(ErrorCode::Denied, directory_ + ": " + error.message());
  if (::access(directory_.c_str(), W_OK) != 0) return fail_errno(directory_);
  return {};
}

Status Segments::quarantine(const std::string& path) const {
  const std::string directory = directory_ + "/quarantine";
  if (const auto made = make_directories(directory); !made) return made;
  const auto stamp = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string target =
      directory + "/" + std::filesystem::path(path).filename().string() + "." + std::to_string(stamp);
  if (::rename(path.c_str(), target.c_str()) != 0) return fail_errno(path);
  return {};
}

Result<Mapping> Segments::ensure_ring(const std::string& path, const RingSpec& spec, Ensured& outcome) const {
  auto found = open_existing(path, SegmentKind::Ring);
  if (is_obstacle(found)) return fail(std::move(found.error()), "cannot look at the ring");
  const std::string reason = found ? unfit(*found->at<const RingPage>(0), spec) : found.error().message;
  if (found && reason.empty()) {
    // Even if it looks empty, a dead producer may have committed messages that only its next generation publishes.
    if (const std::uint64_t capacity = found->at<const RingPage>(0)->capacity_bytes; capacity != spec.capacity_bytes)
      outcome.kept = "it was left by a stop that was not clean; its capacity stays " + std::to_string(capacity) +
                     " bytes until the next clean one";
    return found;
  }
  if (found || found.error().code != ErrorCode::NotFound) {
    outcome.set_aside = reason;
    if (const auto moved = quarantine(path); !moved) return tl::unexpected(moved.error());
  }
  if (const auto made = create_ring(path, spec); !made) return tl::unexpected(made.error());
  outcome.how = Ensured::How::Created;
  return open_existing(path, SegmentKind::Ring);
}

Result<Ensured> Segments::ensure_channel(const std::string& channel, const RingSpec& spec,
                                         const std::vector<std::string>& readers) const {
  Ensured outcome;
  const auto ring = ensure_ring(ring_path(channel), spec, outcome);
  if (!ring) return tl::unexpected(ring.error());
  const auto& page = *ring->at<const RingPage>(0);
  const std::uint64_t tail = page.tail.load(std::memory_order_acquire);
  const std::uint64_t messages =  // of one size: by their bytes, see last_position() in ring.cpp
      page.message_bytes != 0 ? tail / page.message_bytes : page.tail_messages.load(std::memory_order_relaxed);
  const bool fresh = outcome.how == Ensured::How::Created;
  for (const std::string& reader : readers) {
    const auto ensured = ensure_reader(reader_path(channel, reader), page, fresh, {tail, messages});
    if (!ensured) return tl::unexpected(ensured.error());
    if (!ensured->set_aside.empty()) outcome.set_aside += (outcome.set_aside.empty() ? "" : "; ") + ensured->set_aside;
  }
  return outcome;
}

Result<Ensured> Segments::ensure_reader(const std::string& path, const RingPage& ring, bool fresh_ring,
                                        Position tail) const {
  Ensured outcome;
  auto found = open_existing(path, SegmentKind::Reader);
  if (is_obstacle(found)) return fail(std::move(found.error()), "cannot look at a reader's page");
  if (found && found->at<const ReaderPage>(0)->ring_incarnation == ring.header.incarnation) return outcome;
  // A fresh ring's old readers are expected to be of another one; otherwise what waited for this one is skipped.
  const bool stranger = found && !fresh_ring;
  if (stranger || (!found && found.error().code != ErrorCode::NotFound)) {
    outcome.set_aside = "a reader's page " + (stranger ? "belongs to another ring" : found.error().message);
    if (const auto moved = quarantine(path); !moved) return tl::unexpected(moved.error());
  }
  ReaderPage page{};
  page.header = make_header(SegmentKind::Reader, kPage);
  page.ring_incarnation = ring.header.incarnation;
  page.head.store(tail.bytes, std::memory_order_relaxed);
  page.head_messages.store(tail.messages, std::memory_order_relaxed);
  page.marks_passed.store(ring.marks_made.load(std::memory_order_relaxed), std::memory_order_relaxed);
  page.wake_at.store(kAwake, std::memory_order_relaxed);
  if (const auto made = create_segment(path, &page, sizeof page, kPage); !made) return tl::unexpected(made.error());
  outcome.how = Ensured::How::Created;
  return outcome;
}

void Segments::restore_unmigrated(const std::string& path) const {
  const std::string old = path + ".old";
  if (!exists(old)) return;
  const auto current = open_existing(path, SegmentKind::Actor);
  if (is_obstacle(current)) return;  // ensure_actor() will say so
  // An armed record is a commit too, even before it has flipped the state, and of an actor that has none.
  const auto* const words = current ? current->at<const ActorWords>(kActorWordsOffset) : nullptr;
  const bool migrated = words != nullptr && (words->state_current.load(std::memory_order_relaxed) != 0 ||
                                             words->record.armed.load(std::memory_order_relaxed) != 0);
  if (migrated) {
    ::unlink(old.c_str());
  } else {
    ::rename(old.c_str(), path.c_str());
  }
}

Result<Ensured> Segments::ensure_actor(const std::string& actor, const ActorSpec& spec) const {
  Ensured outcome;
  const std::string path = actor_path(actor);
  restore_unmigrated(path);
  auto found = open_existing(path, SegmentKind::Actor);
  if (is_obstacle(found)) return fail(std::move(found.error()), "cannot look at the segment");
  if (found) {
    const auto& page = *found->at<const ActorPage>(0);
    const auto& words = *found->at<const ActorWords>(kActorWordsOffset);
    const bool same = page.state_bytes == spec.state_bytes && page.state_version == spec.state_version &&
                      page.metric_count == spec.metric_count;
    const bool sane = page.header.size_bytes == kActorBlocksOffset + 2 * page.block_stride &&
                      page.block_stride <= page.header.size_bytes && page.block_bytes <= page.block_stride &&
                      page.metric_count <= page.block_bytes / 8 &&
                      page.block_bytes == page.state_bytes + page.metric_count * 8;
    if (same && sane) return outcome;
    const bool used = words.state_current.load(std::memory_order_relaxed) != 0 ||
                      words.record.armed.load(std::memory_order_relaxed) != 0;
    if (sane && used) {
      outcome.kept = "it holds a state of version " + std::to_string(page.state_version) + " and " +
                     std::to_string(page.state_bytes) + " bytes, the plugin has version " +
                     std::to_string(spec.state_version) + " and " + std::to_string(spec.state_bytes) + " bytes";
      return outcome;
    }
    if (!sane) outcome.set_aside = "its sizes contradict each other";
  } else if (found.error().code != ErrorCode::NotFound) {
    outcome.set_aside = found.error().message;
  }
  if (!outcome.set_aside.empty())
    if (const auto moved = quarantine(path); !moved) return tl::unexpected(moved.error());
  if (const auto made = create_actor(path, spec); !made) return tl::unexpected(made.error());
  outcome.how = Ensured::How::Created;
  return outcome;
}

Result<Ensured> Segments::ensure_bell(const std::string& actor) const {
  Ensured outcome;
  const std::string path = bell_path(actor);
  auto found = open_existing(path, SegmentKind::Bell);
  if (is_obstacle(found)) return fail(std::move(found.error()), "cannot look at the bell");
  if (found && found->size_bytes() == kPage) return outcome;
  if (found || found.error().code != ErrorCode::NotFound) {
    outcome.set_aside = found ? "it has another size" : found.error().message;
    if (const auto moved = quarantine(path); !moved) return tl::unexpected(moved.error());
  }
  BellPage page{};
  page.header = make_header(SegmentKind::Bell, kPage);
  if (const auto made = create_segment(path, &page, sizeof page, kPage); !made) return tl::unexpected(made.error());
  outcome.how = Ensured::How::Created;
  return outcome;
}

Status Segments::begin_migration(const std::string& actor, const ActorSpec& spec) const {
  if (::rename(actor_path(actor).c_str(), old_actor_path(actor).c_str()) != 0) return fail_errno(actor_path(actor));
  return create_actor(actor_path(actor), spec);
}

void Segments::end_migration(const std::string& actor) const { ::unlink(old_actor_path(actor).c_str()); }

Result<std::uint64_t> Segments::next_generation(const std::string& actor) const {
  auto fd = open_file(actor_path(actor), O_RDWR | O_NOFOLLOW);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  constexpr off_t kOffset = offsetof(ActorPage, generation);
  std::uint64_t generation = 0;
  if (::pread(fd->get(), &generation, sizeof generation, kOffset) != static_cast<ssize_t>(sizeof generation))
    return fail_errno(actor_path(actor));
  ++generation;  // from kAwake to 0
  if (::pwrite(fd->get(), &generation, sizeof generation, kOffset) != static_cast<ssize_t>(sizeof generation))
    return fail_errno(actor_path(actor));
  constexpr off_t kProcessOffset = kActorWordsOffset + offsetof(ActorWords, process);
  constexpr std::array<unsigned char, sizeof(ProcessWords)> kNothing{};
  if (::pwrite(fd->get(), kNothing.data(), kNothing.size(), kProcessOffset) != static_cast<ssize_t>(kNothing.size()))
    return fail_errno(actor_path(actor));
  return generation;
}

std::vector<std::string> Segments::strangers(const std::vector<std::string>& channels,
                                             const std::vector<std::string>& actors) const {
  std::vector<std::string> prefixes;
  for (const std::string& channel : channels)
    for (const char* const end : {".ring", ".to-"}) prefixes.push_back("channel-" + channel + end);
  for (const std::string& actor : actors)
    for (const char* const end : {".actor", ".bell"}) prefixes.push_back("actor-" + actor + end);
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename().string();
    const bool known = std::any_of(prefixes.begin(), prefixes.end(),
                                   [&](const std::string& prefix) { return name.starts_with(prefix); });
    if (!known && entry.is_regular_file(error)) found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Status Segments::reopen_channel(const std::string& channel) const {
  return clear_word(ring_path(channel), offsetof(RingPage, closed));
}

Status Segments::reopen_actor(const std::string& actor) const {
  return clear_word(actor_path(actor), static_cast<off_t>(kActorWordsOffset + offsetof(ActorWords, finished)));
}

void Segments::remove_channels(const std::vector<std::string>& channels) const {
  for (const std::string& channel : channels) ::unlink(ring_path(channel).c_str());
  // Whose reader pages there are, only the directory knows: also those of readers that the configuration had before.
  const std::set<std::string, std::less<>> names(channels.begin(), channels.end());
  std::error_code error;
  std::vector<std::string> pages;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    std::string name = entry.path().filename().string();
    if (is_reader_page_of(name, names)) pages.push_back(std::move(name));
  }
  for (const std::string& page : pages) ::unlink((directory_ + "/" + page).c_str());
}

void Segments::remove_actor(const std::string& actor) const {
  ::unlink(actor_path(actor).c_str());
  ::unlink(bell_path(actor).c_str());
  ::unlink((actor_path(actor) + ".old").c_str());
}

}  // namespace steady::ipc
