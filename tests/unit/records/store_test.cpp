#include "records/store.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/memory_directory.hpp"
#include "unit/records/samples.hpp"

namespace steady::records {
namespace {

using State = DeadLetter::State;
namespace fs = std::filesystem;

struct Place {
  test::MemoryDirectory directory;
  std::string path = directory.path() + "/records.db";
};

std::unique_ptr<Store> open_at(const std::string& path, Limits limits = {}) {
  auto opened = Store::open(path, limits);
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
  CHECK(opened->set_aside == "");
  return std::move(opened->store);
}

/// What another program does to the file.
void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_to(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

std::int64_t take_held(Store& store, std::uint64_t sequence, const std::string& actor = "counter") {
  const auto id = store.take(sample_letter(sequence, actor));
  REQUIRE(id);
  CHECK(store.held(*id));
  return *id;
}

void check_same(const Incident& found, const Incident& expected) {
  CHECK(found.at_unix_ns == expected.at_unix_ns);
  CHECK(found.actor == expected.actor);
  CHECK(found.worker == expected.worker);
  CHECK(found.generation == expected.generation);
  CHECK(found.cause == expected.cause);
  CHECK(found.how == expected.how);
  CHECK(found.fault_address == expected.fault_address);
  REQUIRE(found.backtrace.size() == expected.backtrace.size());
  for (std::size_t i = 0; i < found.backtrace.size(); ++i) {
    CHECK(found.backtrace[i].address == expected.backtrace[i].address);
    CHECK(found.backtrace[i].function == expected.backtrace[i].function);
    CHECK(found.backtrace[i].file == expected.backtrace[i].file);
    CHECK(found.backtrace[i].line == expected.backtrace[i].line);
    CHECK(found.backtrace[i].module == expected.backtrace[i].module);
  }
  CHECK(found.stderr_tail == expected.stderr_tail);
  REQUIRE(found.ports.size() == expected.ports.size());
  for (std::size_t i = 0; i < found.ports.size(); ++i) {
    CHECK(found.ports[i].port == expected.ports[i].port);
    CHECK(found.ports[i].input == expected.ports[i].input);
    CHECK(found.ports[i].channel == expected.ports[i].channel);
    CHECK(found.ports[i].sequence == expected.ports[i].sequence);
    CHECK(found.ports[i].waiting == expected.ports[i].waiting);
    CHECK(found.ports[i].head == expected.ports[i].head);
  }
  CHECK(found.suspect == expected.suspect);
  CHECK(found.decision == expected.decision);
}

void check_same(const DeadLetter& found, const DeadLetter& expected) {
  CHECK(found.at_unix_ns == expected.at_unix_ns);
  CHECK(found.actor == expected.actor);
  CHECK(found.port == expected.port);
  CHECK(found.channel == expected.channel);
  CHECK(found.producer == expected.producer);
  CHECK(found.ring_incarnation == expected.ring_incarnation);
  CHECK(found.sequence == expected.sequence);
  CHECK(found.message_hash == expected.message_hash);
  CHECK(found.message == expected.message);
  CHECK(found.payload == expected.payload);
  CHECK(found.text == expected.text);
  CHECK(found.deliveries == expected.deliveries);
  CHECK(found.incident == expected.incident);
}

constexpr std::size_t kIncidents = 3;
constexpr std::size_t kLetters = 4;

void fill(Store& store) {
  for (std::size_t i = 0; i < kIncidents; ++i) REQUIRE(store.add(sample_incident()));
  for (std::uint64_t i = 0; i + 1 < kLetters; ++i) take_held(store, i);
  auto large = sample_letter(99);
  large.payload = std::string(700, 'p');  // takes pages of its own
  REQUIRE(store.take(large));
  REQUIRE(store.begin_replay(1, 7));
  REQUIRE(store.purge_one(2));
  take_held(store, 100);
}

/// Opens what is at `path` and uses it; true when it was set aside. What is then there must be all, or nothing.
bool opens_and_works(const std::string& path, bool may_forget) {
  auto opened = Store::open(path);
  if (!opened) {
    FAIL_CHECK(opened.error().message);
    return false;
  }
  const bool fresh = !opened->set_aside.empty();
  Store& store = *opened->store;
  const auto added = store.add(sample_incident("new"));
  const auto taken = store.take(sample_letter(1'000'000));
  const auto incidents = store.incidents("", 100);
  const auto letters = store.letters({}, 100);
  const auto moves = [&] {
    return store.held(*taken) && store.begin_replay(*taken, 0) && store.replayed(*taken) &&
           store.purge({});
  };
  const bool works = added && taken && incidents && letters && (fresh || moves());
  if (!works) FAIL_CHECK("a call fails");
  if (!works) return fresh;
  const auto old_incidents = incidents->size() - 1;
  const auto old_letters = letters->size() - 1;
  const bool all = old_incidents == kIncidents && old_letters == kLetters;
  const bool complete = fresh ? old_incidents == 0 && old_letters == 0 : all || may_forget;
  if (!complete) FAIL_CHECK("of the old content there are " << old_incidents << " and " << old_letters);
  return fresh;
}

void clear(const std::string& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) fs::remove_all(entry.path());
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStride = 37;
#else
constexpr std::size_t kStride = 1;
#endif

}  // namespace

TEST_SUITE("records/store") {
  // ---- incidents

  TEST_CASE("an incident comes back as it was stored, also after the store was closed") {
    const Place place;
    auto store = open_at(place.path);
    auto bare = sample_incident("bare");
    bare.fault_address.reset();
    bare.backtrace.clear();
    bare.stderr_tail.clear();
    bare.ports.clear();
    const auto first = store->add(sample_incident());
    const auto second = store->add(bare);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(*second > *first);
    store.reset();
    store = open_at(place.path);
    check_same(*store->incident(*first), sample_incident());
    check_same(*store->incident(*second), bare);
    CHECK(store->incident(*first)->id == *first);
  }

  TEST_CASE("incidents are listed newest first, of one actor or of all") {
    const Place place;
    auto store = open_at(place.path);
    for (const char* actor : {"a", "b", "a"}) REQUIRE(store->add(sample_incident(actor)));
    const auto all = store->incidents("", SIZE_MAX);
    REQUIRE(all->size() == 3);
    CHECK(all->front().id == 3);
    CHECK(all->back().id == 1);
    CHECK(store->incidents("a", 10)->size() == 2);
    CHECK(store->incidents("", 1)->size() == 1);
    CHECK(store->incidents("", 0)->empty());
    CHECK(store->incidents("nobody", 10)->empty());
  }

  TEST_CASE("beyond the limit the oldest incidents go, and no id is given twice") {
    const Place place;
    auto store = open_at(place.path, {.incidents = 2});
    for (int i = 0; i < 5; ++i) REQUIRE(store->add(sample_incident()));
    const auto left = store->incidents("", 10);
    REQUIRE(left->size() == 2);
    CHECK(left->front().id == 5);
    CHECK(left->back().id == 4);
    CHECK(store->incident(1).error().code == ErrorCode::NotFound);
    store = open_at(place.path, {.incidents = SIZE_MAX});
    CHECK(store->add(sample_incident()) == 6);
    CHECK(store->incidents("", 10)->size() == 3);
  }

  TEST_CASE("a backtrace and a decision may come later; for a forgotten incident they are dropped") {
    const Place place;
    auto store = open_at(place.path);
    const auto id = store->add(sample_incident());
    CHECK(store->set_backtrace(*id, {{.address = 1, .function = "late()", .file = "", .line = 0, .module = ""}}));
    CHECK(store->set_decision(*id, "gave up"));
    auto expected = sample_incident();
    expected.backtrace = {{.address = 1, .function = "late()", .file = "", .line = 0, .module = ""}};
    expected.decision = "gave up";
    check_same(*store->incident(*id), expected);
    CHECK(store->set_backtrace(99, {}));
    CHECK(store->set_decision(99, ""));
  }

  TEST_CASE("text may be any bytes; in lists, what is no UTF-8 is replaced") {
    const Place place;
    auto store = open_at(place.path);
    std::string all_bytes;
    for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
    auto incident = sample_incident(all_bytes);
    incident.how = all_bytes;
    incident.stderr_tail = {"a\xff", std::string("b\0c", 3)};
    const auto id = store->add(incident);
    auto letter = sample_letter(1, all_bytes);
    letter.channel = letter.text = letter.payload = all_bytes;
    const auto taken = store->take(letter);
    store.reset();
    store = open_at(place.path);
    incident.stderr_tail.front() = "a\xef\xbf\xbd";
    check_same(*store->incident(*id), incident);
    check_same(*store->letter(*taken), letter);
    CHECK(store->incidents(all_bytes, 1)->size() == 1);
    CHECK(store->take(letter) == *taken);
  }

  // ---- letters

  TEST_CASE("a letter comes back as it was stored; a list leaves its payload out") {
    const Place place;
    auto store = open_at(place.path);
    auto letter = sample_letter();
    letter.state = State::Held;
    letter.ticket = 5;
    letter.id = 77;
    const auto id = store->take(letter);
    REQUIRE(id);
    store.reset();
    store = open_at(place.path);
    const auto found = store->letter(*id);
    check_same(*found, sample_letter());
    CHECK(found->id == *id);
    CHECK(found->state == State::Moving);
    CHECK(found->ticket == 0);
    CHECK(store->letters({}, 10)->front().payload.empty());
    CHECK(store->letters({}, 10)->front().text == letter.text);
    CHECK(store->letter(99).error().code == ErrorCode::NotFound);
  }

  TEST_CASE("the same message of the same reader is stored once, also when the store is full") {
    const Place place;
    auto store = open_at(place.path, {.letters = 6});
    const auto first = store->take(sample_letter());
    CHECK(store->held(*first));
    CHECK(store->take(sample_letter()) == *first);
    CHECK(store->letter(*first)->state == State::Held);
    auto other = sample_letter();
    other.actor = "other";
    CHECK(store->take(other) != *first);
    other = sample_letter();
    other.port = "other";
    CHECK(store->take(other) != *first);
    other = sample_letter();
    other.channel = "other";
    CHECK(store->take(other) != *first);
    other = sample_letter();
    other.ring_incarnation += 1;
    CHECK(store->take(other) != *first);
    CHECK(store->take(sample_letter(42)) != *first);
    CHECK(store->letters({}, 10)->size() == 6);
    CHECK(store->take(sample_letter()) == *first);
  }

  TEST_CASE("a full store takes no letter, and takes one again when another is gone") {
    const Place place;
    auto store = open_at(place.path, {.letters = 2});
    const auto first = take_held(*store, 1);
    take_held(*store, 2);
    CHECK(store->take(sample_letter(3)).error().code == ErrorCode::Exhausted);
    store = open_at(place.path, {.letters = 2});
    CHECK(store->take(sample_letter(3)).error().code == ErrorCode::Exhausted);
    CHECK(store->purge_one(first));
    CHECK(store->take(sample_letter(3)));
    CHECK(store->replayed(2));
    CHECK(store->replayed(2));
    CHECK(store->take(sample_letter(4)));
    CHECK(store->take(sample_letter(5)).error().code == ErrorCode::Exhausted);
  }

  TEST_CASE("the bytes of all payloads are limited") {
    const Place place;
    auto store = open_at(place.path, {.letter_bytes = 25});
    const auto first = take_held(*store, 1);  // 10 bytes each
    take_held(*store, 2);
    CHECK(store->take(sample_letter(3)).error().code == ErrorCode::Exhausted);
    store = open_at(place.path, {.letter_bytes = 25});
    auto small = sample_letter(4);
    small.payload = "12345";
    CHECK(store->take(small));
    CHECK(store->purge_one(first));
    CHECK(store->take(sample_letter(3)));
    store = open_at(place.path, {.letter_bytes = 5});
    CHECK(store->take(sample_letter(6)).error().code == ErrorCode::Exhausted);
    small.payload.clear();
    small.sequence = 7;
    const auto empty = store->take(small);  // of no bytes: it fits
    REQUIRE(empty);
    CHECK(store->letter(*empty)->payload.empty());
  }

  TEST_CASE("only a letter that is moving becomes held") {
    const Place place;
    auto store = open_at(place.path);
    const auto id = take_held(*store, 1);
    CHECK(store->letter(id)->state == State::Held);
    REQUIRE(store->begin_replay(id, 0));
    CHECK(store->held(id));
    CHECK(store->letter(id)->state == State::Replaying);
    CHECK(store->held(99));
  }

  TEST_CASE("letters are listed newest first by actor, channel, producer and state") {
    const Place place;
    auto store = open_at(place.path);
    take_held(*store, 1, "a");
    take_held(*store, 2, "b");
    auto third = sample_letter(3, "a");
    third.channel = "other";
    third.producer = "maker";
    REQUIRE(store->take(third));
    const auto ids = [&](const LetterFilter& filter) {
      std::vector<std::int64_t> found;
      const auto letters = store->letters(filter, 10);
      for (const auto& letter : *letters) found.push_back(letter.id);
      return found;
    };
    using Ids = std::vector<std::int64_t>;
    CHECK(ids({}) == Ids{3, 2, 1});
    CHECK(ids({.actor = "a"}) == Ids{3, 1});
    CHECK(ids({.channel = "other"}) == Ids{3});
    CHECK(ids({.producer = "source"}) == Ids{2, 1});
    CHECK(ids({.state = State::Held}) == Ids{2, 1});
    CHECK(ids({.actor = "a", .state = State::Held}) == Ids{1});
    CHECK(store->letters({}, 2)->size() == 2);
    CHECK(store->letters({}, SIZE_MAX)->size() == 3);
    using Counts = std::map<std::string, std::uint64_t>;
    CHECK(store->letter_counts() == Counts{{"a", 2}, {"b", 1}});
    CHECK(store->purge({.actor = "b"}) == 1);
    CHECK(store->purge_one(1));
    CHECK(store->letter_counts() == Counts{{"a", 1}});
    store = open_at(place.path);
    CHECK(store->letter_counts() == Counts{{"a", 1}});
  }

  TEST_CASE("tickets grow per producer, from the least that is asked for, also after their letters are forgotten") {
    const Place place;
    auto store = open_at(place.path);
    const auto ticket_of = [&](std::uint64_t sequence, std::uint64_t least) {
      const auto letter = store->begin_replay(take_held(*store, sequence), least);
      REQUIRE(letter);
      CHECK(store->replayed(letter->id));
      return letter->ticket;
    };
    CHECK(ticket_of(1, 0) == 1);
    CHECK(ticket_of(2, 0) == 2);
    CHECK(ticket_of(3, 10) == 10);
    CHECK(ticket_of(4, 10) == 11);
    store.reset();
    store = open_at(place.path);
    CHECK(ticket_of(5, 3) == 12);
    auto other = sample_letter(6);
    other.producer = "other";
    const auto id = store->take(other);
    CHECK(store->held(*id));
    CHECK(store->begin_replay(*id, 4)->ticket == 4);
  }

  TEST_CASE("a replay that has begun keeps its ticket, and gives the payload") {
    const Place place;
    auto store = open_at(place.path);
    const auto id = take_held(*store, 1);
    const auto first = store->begin_replay(id, 5);
    REQUIRE(first);
    check_same(*first, sample_letter(1));
    CHECK(first->state == State::Replaying);
    CHECK(store->begin_replay(id, 50)->ticket == 5);
    store = open_at(place.path);
    CHECK(store->begin_replay(id, 50)->ticket == 5);
    CHECK(store->letter(id)->state == State::Replaying);
  }

  TEST_CASE("a letter that is moving, gone, or asks for an impossible ticket is not replayed") {
    const Place place;
    auto store = open_at(place.path);
    const auto id = store->take(sample_letter());
    CHECK(store->begin_replay(*id, 0).error().code == ErrorCode::Busy);
    CHECK(store->begin_replay(99, 0).error().code == ErrorCode::NotFound);
    CHECK(store->held(*id));
    CHECK(store->begin_replay(*id, UINT64_MAX).error().code == ErrorCode::Invalid);
    CHECK(store->letter(*id)->state == State::Held);
    CHECK(store->begin_replay(*id, 0)->ticket == 1);
  }

  TEST_CASE("only held letters are purged") {
    const Place place;
    auto store = open_at(place.path);
    const auto moving = store->take(sample_letter(1));
    const auto replaying = take_held(*store, 2);
    REQUIRE(store->begin_replay(replaying, 0));
    const auto held = take_held(*store, 3);
    take_held(*store, 4, "other");
    CHECK(store->purge_one(*moving).error().code == ErrorCode::Busy);
    CHECK(store->purge_one(replaying).error().code == ErrorCode::Busy);
    CHECK(store->purge_one(99).error().code == ErrorCode::NotFound);
    CHECK(store->purge({.state = State::Moving}) == 0);
    CHECK(store->purge({.actor = "other"}) == 1);
    CHECK(store->letter(held));
    CHECK(store->purge({}) == 1);
    CHECK(store->letters({}, 10)->size() == 2);
    CHECK(take_held(*store, 5) > held + 1);  // no id means two letters
  }

  TEST_CASE("what a killed steadyd has stored is there for the next one") {
    const Place place;
    auto store = open_at(place.path);
    fill(*store);
    const auto copy = place.directory.path() + "/copy.db";  // as it stands on the disk, not closed
    fs::copy_file(place.path, copy);
    fs::copy_file(place.path + "-wal", copy + "-wal");
    CHECK_FALSE(opens_and_works(copy, false));
  }

  // ---- files

  TEST_CASE("only its owner may read the database, whatever the umask") {
    const Place place;
    for (const mode_t mask : {0000U, 0777U}) {
      clear(place.directory.path());
      const auto before = ::umask(mask);
      const auto store = open_at(place.path);
      ::umask(before);
      REQUIRE(store->add(sample_incident()));
      for (const auto& entry : fs::directory_iterator(place.directory.path()))
        CHECK_MESSAGE(entry.status().permissions() == fs::perms(0600), entry.path().string());
    }
  }

  TEST_CASE("a directory that is not there or refuses is an error that names the path") {
    const auto nowhere = Store::open("/nowhere/records.db");
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == ErrorCode::NotFound);
    CHECK(nowhere.error().message.find("/nowhere/records.db") != std::string::npos);
    if (::geteuid() == 0) return;  // nothing refuses root
    const Place place;
    open_at(place.path).reset();
    ::chmod(place.path.c_str(), 0);
    const auto file = Store::open(place.path);
    REQUIRE_FALSE(file);
    CHECK(file.error().code == ErrorCode::Denied);
    CHECK(file.error().message.find(place.path) != std::string::npos);
    fs::remove(place.path);
    ::chmod(place.directory.path().c_str(), 0500);
    const auto directory = Store::open(place.path);
    ::chmod(place.directory.path().c_str(), 0700);
    REQUIRE_FALSE(directory);
    CHECK(directory.error().code == ErrorCode::Denied);
  }

  TEST_CASE("a database of another version is set aside, not misread") {
    const Place place;
    open_at(place.path).reset();
    run_sql(place.path, "PRAGMA user_version = 7");
    const auto opened = Store::open(place.path);
    REQUIRE(opened);
    CHECK(opened->set_aside == "it has schema version 7, this steadyd has 1; moved to " + place.path + ".damaged-1");
    CHECK(fs::exists(place.path + ".damaged-1"));
  }

  TEST_CASE("tables that are not those of steadyd, or more than those, are set aside") {
    const Place place;
    for (const char* sql :
         {"DROP TABLE tickets", "ALTER TABLE letters ADD COLUMN more TEXT", "CREATE TABLE more (a)",
          "CREATE TRIGGER t AFTER INSERT ON incidents BEGIN DELETE FROM letters; END",
          "UPDATE sqlite_sequence SET seq = 9223372036854775807", "UPDATE sqlite_sequence SET seq = 'x'"}) {
      clear(place.directory.path());
      fill(*open_at(place.path));
      run_sql(place.path, sql);
      CHECK_MESSAGE(opens_and_works(place.path, false), sql);
    }
  }

  TEST_CASE("whatever else is at the path is set aside with its companions") {
    const Place place;
    const auto check = [&](const char* what) { CHECK_MESSAGE(opens_and_works(place.path, false), what); };
    fs::create_directory(place.path);
    check("a directory");
    clear(place.directory.path());
    write_to(place.path, "this is not a database");
    write_to(place.path + "-wal", "nor is this a log");
    check("a text");
    CHECK(content_of(place.path + ".damaged-1") == "this is not a database");
    clear(place.directory.path());
    write_to(place.path, "");
    check("an empty file");
    clear(place.directory.path());
    fs::create_symlink("elsewhere", place.path);
    check("a link");
    clear(place.directory.path());
    REQUIRE(::mkfifo(place.path.c_str(), 0600) == 0);
    check("a pipe");
    for (const char* suffix : {"-wal", "-journal"}) {
      clear(place.directory.path());
      open_at(place.path).reset();
      fs::create_directory(place.path + suffix);
      check(suffix);
    }
  }

  TEST_CASE("of the databases that were set aside the last eight are kept") {
    const Place place;
    write_to(place.path + ".damaged-old", "not ours to count");
    for (int i = 1; i <= 11; ++i) {
      write_to(place.path, "damage " + std::to_string(i));
      write_to(place.path + "-shm", "damage");
      REQUIRE(Store::open(place.path));
      CHECK(content_of(place.path + ".damaged-" + std::to_string(i)) == "damage " + std::to_string(i));
    }
    CHECK_FALSE(fs::exists(place.path + ".damaged-3"));
    CHECK_FALSE(fs::exists(place.path + ".damaged-3-shm"));
    CHECK(fs::exists(place.path + ".damaged-4"));
    CHECK(fs::exists(place.path + ".damaged-11"));
    CHECK(fs::exists(place.path + ".damaged-old"));
  }

  TEST_CASE("a database that is damaged while it is open says so") {
    const Place place;
    auto store = open_at(place.path);
    fill(*store);
    // Another writer makes sure that nothing is read from our cache or from the log.
    run_sql(place.path, "UPDATE incidents SET how = ''; PRAGMA wal_checkpoint(TRUNCATE)");
    const auto garbage = std::string(fs::file_size(place.path) - 4096, '\xee');
    std::fstream(place.path, std::ios::in | std::ios::out | std::ios::binary).seekp(4096) << garbage;
    const auto id = store->add(sample_incident());
    REQUIRE_FALSE(id);
    CHECK(id.error().code == ErrorCode::Corrupt);
    CHECK(store->incidents("", 10).error().code == ErrorCode::Corrupt);
    CHECK(store->letters({}, 10).error().code == ErrorCode::Corrupt);
    CHECK(store->letter(1).error().code == ErrorCode::Corrupt);
    CHECK(store->purge({}).error().code == ErrorCode::Corrupt);
  }

  // ---- damage at every byte

  TEST_CASE("a database that is changed or cut at any byte never stops the store") {
    const Place place;
    fill(*open_at(place.path));
    run_sql(place.path, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = WAL");
    const auto good = content_of(place.path);
    const auto try_with = [&](const std::string& content) {
      clear(place.directory.path());
      write_to(place.path, content);
      return opens_and_works(place.path, false);
    };
    CHECK_FALSE(try_with(good));
    std::size_t noticed = 0;
    for (std::size_t offset = 0; offset < good.size(); offset += kStride) {
      CAPTURE(offset);
      for (const int bits : {0xff, 0x20}) {  // 0x20: a letter of the other case is the same name to SQLite
        auto flipped = good;
        flipped[offset] = static_cast<char>(flipped[offset] ^ bits);
        if (try_with(flipped)) ++noticed;
      }
      try_with(good.substr(0, offset));
    }
    CHECK(noticed > 0);
  }

  TEST_CASE("a log that is changed or cut at any byte never stops the store") {
    const Place place;
    auto store = open_at(place.path);
    fill(*store);
    const auto good = content_of(place.path);
    const auto log = content_of(place.path + "-wal");
    const auto index = content_of(place.path + "-shm");
    store.reset();
    const auto try_with = [&](const std::string& damaged_log, const std::string& damaged_index) {
      clear(place.directory.path());
      write_to(place.path, good);
      write_to(place.path + "-wal", damaged_log);
      write_to(place.path + "-shm", damaged_index);
      return opens_and_works(place.path, true);  // what comes after the damage was never committed, says SQLite
    };
    for (std::size_t offset = 0; offset < log.size(); offset += 53 * kStride) {
      CAPTURE(offset);
      auto flipped = log;
      flipped[offset] = static_cast<char>(~flipped[offset]);
      try_with(flipped, index);
      try_with(log.substr(0, offset), index);
    }
    for (std::size_t offset = 0; offset < index.size(); offset += 211 * kStride) {
      CAPTURE(offset);
      auto flipped = index;
      flipped[offset] = static_cast<char>(~flipped[offset]);
      try_with(log, flipped);
      try_with(log, index.substr(0, offset));
    }
  }
}

}  // namespace steady::records
