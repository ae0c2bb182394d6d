#include "ipc/segments.hpp"

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/ipc_bench.hpp"

namespace steady::ipc {
namespace {

using test::IpcBench;
using test::must;

constexpr RingSpec kNumbers{.capacity_bytes = 64, .message_bytes = 8, .message_hash = 1};
constexpr ActorSpec kActor{.state_bytes = 8, .state_version = 1, .metric_count = 1};

/// Files below a directory that are set aside.
std::size_t quarantined(const IpcBench& bench) {
  const std::string directory = bench.segments.directory() + "/quarantine";
  if (!std::filesystem::exists(directory)) return 0;
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace_content(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

void put(IpcBench& bench, const std::vector<std::uint64_t>& numbers) {
  OutputEnd output = bench.output("a");
  output.publish(test::write_numbers(output, numbers));
}

std::vector<std::uint64_t> waiting(const IpcBench& bench, const std::string& reader = "in") {
  InputEnd input = bench.input("a", reader);
  REQUIRE(input.refresh());
  return test::read_numbers(input);
}

/// What steadyd does at a start, and what workers do after it: none of it may fail, whatever lies in the directory.
Ensured use_channel(IpcBench& bench) {
  const auto ensured = bench.segments.ensure_channel("a", kNumbers, {"in"});
  REQUIRE_MESSAGE(ensured, ensured.error().message);
  OutputEnd output = bench.output("a");
  InputEnd input = bench.input("a");
  static_cast<void>(input.refresh());  // may refuse a position, must not crash
  static_cast<void>(output.refresh());
  return *ensured;
}

Ensured use_actor(IpcBench& bench) {
  const auto ensured = bench.segments.ensure_actor("x", kActor);
  REQUIRE_MESSAGE(ensured, ensured.error().message);
  const Mapping segment = bench.actor("x");
  const auto& page = *segment.at<const ActorPage>(0);
  REQUIRE(kActorBlocksOffset + 2 * page.block_stride == segment.size_bytes());
  REQUIRE(page.block_bytes <= page.block_stride);
  return *ensured;
}

Ensured use_bell(IpcBench& bench) {
  const auto ensured = bench.segments.ensure_bell("b");
  REQUIRE_MESSAGE(ensured, ensured.error().message);
  bench.bell("b").ring();
  return *ensured;
}

/// One file of each kind, and what uses it.
struct Kind {
  std::string path;
  std::size_t header_bytes;
  std::function<Ensured(IpcBench&)> use;
};

std::vector<Kind> kinds(const IpcBench& bench) {
  return {{bench.segments.ring_path("a"), sizeof(RingPage), use_channel},
          {bench.segments.reader_path("a", "in"), sizeof(ReaderPage), use_channel},
          {bench.segments.actor_path("x"), kPage + offsetof(ActorWords, record) + 128, use_actor},
          {bench.segments.bell_path("b"), sizeof(BellPage), use_bell}};
}

IpcBench& prepared(IpcBench& bench) {
  bench.add_channel("a", kNumbers);
  must(bench.segments.ensure_actor("x", kActor));
  must(bench.segments.ensure_bell("b"));
  return bench;
}

}  // namespace

TEST_SUITE("ipc/segments") {
  TEST_CASE("a channel is found again with what it holds") {
    IpcBench bench;
    CHECK(must(bench.segments.ensure_channel("a", kNumbers, {"in"})).how == Ensured::How::Created);
    bench.add_channel("a", kNumbers);
    put(bench, {1, 2, 3});
    const Ensured again = must(bench.segments.ensure_channel("a", kNumbers, {"in"}));
    CHECK(again.how == Ensured::How::Found);
    CHECK(again.set_aside.empty());
    CHECK(again.kept.empty());
    CHECK(waiting(bench) == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(quarantined(bench) == 0);
  }

  TEST_CASE("an actor's segment and a bell are found again") {
    IpcBench bench;
    CHECK(must(bench.segments.ensure_actor("x", kActor)).how == Ensured::How::Created);
    CHECK(must(bench.segments.ensure_actor("x", kActor)).how == Ensured::How::Found);
    CHECK(must(bench.segments.ensure_bell("x")).how == Ensured::How::Created);
    CHECK(must(bench.segments.ensure_bell("x")).how == Ensured::How::Found);
  }

  TEST_CASE("every segment is allocated in full when it is made") {
    IpcBench bench;
    prepared(bench);
    bench.add_channel("big", {.capacity_bytes = 1 << 20, .message_bytes = 8, .message_hash = 1});
    auto files = kinds(bench);
    files.push_back({bench.segments.ring_path("big"), 0, {}});
    for (const Kind& kind : files) {
      struct stat status {};
      REQUIRE(::stat(kind.path.c_str(), &status) == 0);
      CHECK(status.st_blocks * 512 >= status.st_size);
      CHECK((status.st_mode & 0777) == 0600);
    }
  }

  TEST_CASE("a file cut to any length is set aside and replaced") {
    IpcBench bench;
    prepared(bench);
    for (const Kind& kind : kinds(bench)) {
      CAPTURE(kind.path);
      const std::string whole = content_of(kind.path);
      std::size_t before = quarantined(bench);
      for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{31},
                                       std::size_t{32}, std::size_t{100}, kPage - 1, kPage, whole.size() - kPage,
                                       whole.size() - 8, whole.size() - 1, whole.size() + 1, whole.size() + kPage}) {
        if (length == whole.size() || length > 2 * whole.size() + kPage) continue;
        CAPTURE(length);
        replace_content(kind.path, whole);
        REQUIRE(::truncate(kind.path.c_str(), static_cast<off_t>(length)) == 0);
        CHECK_FALSE(kind.use(bench).set_aside.empty());
        CHECK(quarantined(bench) > before);
        before = quarantined(bench);
        CHECK(kind.use(bench).set_aside.empty());
      }
    }
  }

  TEST_CASE("whichever byte of a header page is damaged, the segment is kept or set aside, and can be used") {
    IpcBench bench;
    prepared(bench);
    put(bench, {1, 2, 3});
    const auto files = kinds(bench);
    for (const Kind& kind : files) {
      std::vector<std::string> whole;
      for (const Kind& file : files) whole.push_back(content_of(file.path));
      CAPTURE(kind.path);
      const std::string sound = content_of(kind.path);
      for (std::size_t at = 0; at < kind.header_bytes; ++at)
        for (const char flip : {'\x01', '\x80', '\xff'}) {
          CAPTURE(at);
          std::string damaged = sound;
          damaged[at] = static_cast<char>(damaged[at] ^ flip);
          replace_content(kind.path, damaged);
          kind.use(bench);
          for (std::size_t i = 0; i < files.size(); ++i) replace_content(files[i].path, whole[i]);
          std::filesystem::remove(kind.path + ".old");
        }
    }
  }

  TEST_CASE("what is no segment is set aside: a foreign file, a directory, a link, a FIFO, another kind or version") {
    IpcBench bench;
    prepared(bench);
    const std::string elsewhere = bench.directory.path() + "/elsewhere";
    replace_content(elsewhere, "precious");
    for (const Kind& kind : kinds(bench)) {
      CAPTURE(kind.path);
      const std::function<void()> replacements[] = {
          [&] { replace_content(kind.path, std::string(100'000, 'x')); },
          [&] { std::filesystem::create_directory(kind.path); },
          [&] { std::filesystem::create_symlink(elsewhere, kind.path); },
          [&] { REQUIRE(::mkfifo(kind.path.c_str(), 0600) == 0); },
          [&] {
            std::string other(kPage, '\0');
            SegmentHeader header{{}, kLayoutVersion, static_cast<SegmentKind>(9), kPage, 1};
            std::memcpy(header.magic, kMagic, sizeof kMagic);
            std::memcpy(other.data(), &header, sizeof header);
            replace_content(kind.path, other);
          },
      };
      for (const auto& replace : replacements) {
        std::filesystem::remove_all(kind.path);
        replace();
        CHECK_FALSE(kind.use(bench).set_aside.empty());
        CHECK(kind.use(bench).set_aside.empty());
      }
    }
    CHECK(content_of(elsewhere) == "precious");
  }

  TEST_CASE("a segment of another layout version is set aside, and both versions are named") {
    IpcBench bench;
    prepared(bench);
    bench.spoil<SegmentHeader>(bench.segments.ring_path("a"),
                               [](SegmentHeader& header) { header.layout_version = kLayoutVersion + 1; });
    const std::string why = use_channel(bench).set_aside;
    CHECK(why.find("layout version " + std::to_string(kLayoutVersion + 1)) != std::string::npos);
    CHECK(why.find("has " + std::to_string(kLayoutVersion)) != std::string::npos);
  }

  TEST_CASE("an actor segment too short for its words is torn, even when its header agrees") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    bench.spoil<SegmentHeader>(bench.segments.actor_path("x"),
                               [](SegmentHeader& header) { header.size_bytes = kPage; });
    REQUIRE(::truncate(bench.segments.actor_path("x").c_str(), kPage) == 0);
    CHECK(use_actor(bench).set_aside.find("torn") != std::string::npos);
  }

  TEST_CASE("a segment that belongs to another user is set aside, and the user is named") {
    if (::geteuid() != 0) return;  // only root can give a file away
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    for (const std::string& path : {bench.segments.ring_path("a"), bench.segments.reader_path("a", "in")}) {
      REQUIRE(::chown(path.c_str(), 4711, 4711) == 0);
      CHECK(use_channel(bench).set_aside.find("belongs to user 4711") != std::string::npos);
    }
    CHECK(quarantined(bench) == 2);
  }

  TEST_CASE("a ring whose messages have another layout is set aside with what it held") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    put(bench, {1});
    RingSpec other = kNumbers;
    other.message_hash = 2;
    const Ensured ensured = must(bench.segments.ensure_channel("a", other, {"in"}));
    CHECK(ensured.how == Ensured::How::Created);
    CHECK(ensured.set_aside == "it holds messages of another layout");
    CHECK(quarantined(bench) == 1);
    CHECK(waiting(bench).empty());
  }

  TEST_CASE("a ring that is found keeps its capacity, also when it looks empty: a commit in it may not be published yet") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    RingSpec larger = kNumbers;
    larger.capacity_bytes = 1 << 16;
    const Ensured empty = must(bench.segments.ensure_channel("a", larger, {"in"}));
    CHECK(empty.how == Ensured::How::Found);
    CHECK(empty.kept.find("64 bytes") != std::string::npos);
    put(bench, {1, 2});
    CHECK(must(bench.segments.ensure_channel("a", larger, {"in"})).how == Ensured::How::Found);
    CHECK(waiting(bench) == std::vector<std::uint64_t>{1, 2});
    CHECK(quarantined(bench) == 0);
  }

  TEST_CASE("a new reader of an old ring begins at its tail, the old one stays where it was") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    put(bench, {1, 2, 3});
    bench.add_channel("a", kNumbers, {"in", "late"});
    CHECK(waiting(bench, "late").empty());
    CHECK(bench.input("a", "late").position().messages == 3);
    CHECK(waiting(bench).size() == 3);
  }

  TEST_CASE("a start that died between a ring and its readers' pages is completed by the next") {
    IpcBench bench;
    bench.add_channel("a", kNumbers);
    put(bench, {1});
    std::filesystem::remove(bench.segments.ring_path("a"));
    const Ensured ensured = use_channel(bench);
    CHECK(ensured.how == Ensured::How::Created);
    CHECK(ensured.set_aside.empty());
    CHECK(waiting(bench).empty());
  }

  TEST_CASE("without descriptors a sound ring is an error, never set aside") {
    IpcBench bench;
    prepared(bench);
    put(bench, {1, 2});
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const UniqueFd next(::dup(0));
    for (int spare = 0; spare < 3; ++spare) {
      const rlimit tight{static_cast<rlim_t>(next.get() + spare), before.rlim_max};
      const std::vector<UniqueFd> none;
      REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
      RingSpec larger = kNumbers;
      larger.capacity_bytes = 128;
      const auto channel = bench.segments.ensure_channel("a", spare == 0 ? kNumbers : larger, {"in"});
      const auto actor = bench.segments.ensure_actor("x", kActor);
      const auto bell = bench.segments.ensure_bell("b");
      REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
      if (spare != 0) continue;
      REQUIRE_FALSE(channel);
      CHECK(channel.error().code == ErrorCode::Exhausted);
      REQUIRE_FALSE(actor);
      CHECK(actor.error().code == ErrorCode::Exhausted);
      REQUIRE_FALSE(bell);
      CHECK(bell.error().code == ErrorCode::Exhausted);
    }
    CHECK(quarantined(bench) == 0);
    CHECK(waiting(bench) == std::vector<std::uint64_t>{1, 2});
  }

  TEST_CASE("a state of another version is kept, and the versions are named") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    bench.actor("x").at<ActorWords>(kActorWordsOffset)->state_current.store(1);
    ActorSpec newer = kActor;
    newer.state_version = 2;
    newer.state_bytes = 16;
    const Ensured ensured = must(bench.segments.ensure_actor("x", newer));
    CHECK(ensured.how == Ensured::How::Found);
    CHECK(ensured.kept.find("version 1") != std::string::npos);
    CHECK(ensured.kept.find("version 2") != std::string::npos);
    CHECK(bench.actor("x").at<ActorPage>(0)->state_version == 1);
  }

  TEST_CASE("a state that was never committed is replaced without ado") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    ActorSpec newer = kActor;
    newer.state_version = 2;
    const Ensured ensured = must(bench.segments.ensure_actor("x", newer));
    CHECK(ensured.how == Ensured::How::Created);
    CHECK(ensured.set_aside.empty());
    CHECK(quarantined(bench) == 0);
  }

  TEST_CASE("a migration is taken back until its state is committed, and then stays") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    bench.actor("x").at<ActorWords>(kActorWordsOffset)->state_current.store(1);
    ActorSpec newer = kActor;
    newer.state_version = 2;
    must(bench.segments.begin_migration("x", newer));
    CHECK(bench.actor("x").at<ActorPage>(0)->state_version == 2);
    CHECK_FALSE(must(bench.segments.ensure_actor("x", newer)).kept.empty());
    CHECK(bench.actor("x").at<ActorPage>(0)->state_version == 1);
    CHECK_FALSE(std::filesystem::exists(bench.segments.old_actor_path("x")));

    must(bench.segments.begin_migration("x", newer));
    bench.actor("x").at<ActorWords>(kActorWordsOffset)->state_current.store(1);
    CHECK(must(bench.segments.ensure_actor("x", newer)).kept.empty());
    CHECK(bench.actor("x").at<ActorPage>(0)->state_version == 2);
    CHECK_FALSE(std::filesystem::exists(bench.segments.old_actor_path("x")));

    must(bench.segments.begin_migration("x", kActor));
    bench.segments.end_migration("x");
    CHECK_FALSE(std::filesystem::exists(bench.segments.old_actor_path("x")));
  }

  TEST_CASE("a migration whose commit was armed is not taken back: the record is that commit") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    bench.actor("x").at<ActorWords>(kActorWordsOffset)->state_current.store(1);
    ActorSpec newer = kActor;
    newer.state_version = 2;
    must(bench.segments.begin_migration("x", newer));
    bench.actor("x").at<ActorWords>(kActorWordsOffset)->record.armed.store(1);
    CHECK(must(bench.segments.ensure_actor("x", newer)).kept.empty());
    CHECK(bench.actor("x").at<ActorWords>(kActorWordsOffset)->record.armed.load() == 1);
  }

  TEST_CASE("a migration that died before it made the new segment is taken back") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    bench.actor("x").at<ActorWords>(kActorWordsOffset)->state_current.store(2);
    std::filesystem::rename(bench.segments.actor_path("x"), bench.segments.old_actor_path("x"));
    CHECK(must(bench.segments.ensure_actor("x", kActor)).how == Ensured::How::Found);
    CHECK(bench.actor("x").at<ActorWords>(kActorWordsOffset)->state_current.load() == 2);
  }

  TEST_CASE("generations count from 0 and survive everything but the segment") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    for (std::uint64_t generation = 0; generation < 5; ++generation)
      CHECK(must(Segments(bench.segments.directory()).next_generation("x")) == generation);
    bench.segments.remove_actor("x");
    CHECK_FALSE(bench.segments.next_generation("x"));
    must(bench.segments.ensure_actor("x", kActor));
    CHECK(must(bench.segments.next_generation("x")) == 0);
  }

  TEST_CASE("a new generation begins with no call, no thread and no suspect, and keeps what is the actor's") {
    IpcBench bench;
    must(bench.segments.ensure_actor("x", kActor));
    const Mapping segment = bench.actor("x");
    auto& words = *segment.at<ActorWords>(kActorWordsOffset);
    ProcessWords& process = words.process;
    Word* const of_process[] = {&process.begun, &process.returned, &process.thread, &process.suspect_reader,
                                &process.suspect_sequence};
    static_assert(sizeof of_process / sizeof(Word*) * sizeof(Word) == sizeof(ProcessWords), "every word is looked at");
    Word* const of_actor[] = {&words.state_current, &words.state_commits,  &words.last_replay,  &words.steps,
                              &words.activity,      &words.finished,       &words.note_sequence, &words.note[0],
                              &words.record.armed};
    for (int round = 0; round < 3; ++round) {
      for (Word* const word : of_process) word->store(5);
      for (Word* const word : of_actor) word->store(1);
      must(bench.segments.next_generation("x"));
      for (Word* const word : of_process) CHECK(word->load() == 0);
      for (Word* const word : of_actor) CHECK(word->load() == 1);
    }
    CHECK(segment.at<ActorPage>(0)->generation.load() == 2);
  }

  TEST_CASE("prepare() makes the directory, removes half-made files and leaves the others alone") {
    IpcBench bench;
    prepared(bench);
    const std::string half = bench.segments.ring_path("a") + ".new";
    replace_content(half, "half");
    must(bench.segments.prepare());
    CHECK_FALSE(std::filesystem::exists(half));
    CHECK(use_channel(bench).how == Ensured::How::Found);
    const Segments deep(bench.directory.path() + "/one/two/three");
    CHECK(deep.prepare());
    replace_content(bench.directory.path() + "/file", "");
    CHECK_FALSE(Segments(bench.directory.path() + "/file/segments").prepare());
  }

  TEST_CASE("removing channels or an actor leaves nothing of them, and touches no other") {
    IpcBench bench;
    bench.add_channel("a", kNumbers, {"one", "two"});
    bench.add_channel("ab", kNumbers, {"one"});
    bench.add_channel("c", kNumbers, {"two"});
    must(bench.segments.ensure_actor("x", kActor));
    must(bench.segments.ensure_bell("x"));
    replace_content(bench.segments.old_actor_path("x"), "old");
    bench.segments.remove_channels({"a", "c"});
    bench.segments.remove_actor("x");
    std::vector<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(bench.segments.directory()))
      left.push_back(entry.path().filename().string());
    std::sort(left.begin(), left.end());
    CHECK(left == std::vector<std::string>{"actor-a.bell", "actor-ab.bell", "actor-c.bell", "actor-one.bell",
                                           "actor-two.bell", "channel-ab.ring", "channel-ab.to-one.reader"});
  }

  TEST_CASE("a full disk is an error that says so, and leaves no half-made file") {
    const test::MemoryDirectory mount_point;
    if (::mount("steady-test", mount_point.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
      MESSAGE("skipped: no tmpfs can be mounted here");
      return;
    }
    const Segments segments(mount_point.path() + "/segments");
    CHECK(segments.prepare());
    const auto ensured =
        segments.ensure_channel("a", {.capacity_bytes = 1 << 20, .message_bytes = 8, .message_hash = 1}, {"in"});
    const bool small_fits = segments.ensure_channel("b", kNumbers, {"in"}).has_value();
    const bool half_made = std::filesystem::exists(segments.ring_path("a") + ".new");
    const bool made = std::filesystem::exists(segments.ring_path("a"));
    ::umount(mount_point.path().c_str());
    REQUIRE_FALSE(ensured);
    CHECK(ensured.error().code == ErrorCode::Exhausted);
    CHECK(ensured.error().message.find("No space left") != std::string::npos);
    CHECK_FALSE(half_made);
    CHECK_FALSE(made);
    CHECK(small_fits);
  }
}

}  // namespace steady::ipc
