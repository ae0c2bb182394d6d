#include "topology/placement.hpp"

#include <doctest/doctest.h>

#include <string>

#include "config/load.hpp"

namespace steady::topology {
namespace {

constexpr std::uint64_t kMi = 1 << 20;

/// Two nodes with two CPUs each, of which the last is closed; an ordinary user's limits; a recent kernel.
Machine machine() {
  Machine made;
  made.online_cpus = {0, 1, 2, 3};
  made.allowed_cpus = {0, 1, 2};
  made.nodes = {{0, {0, 1}}, {1, {2, 3}}};
  made.lock_limit_bytes = 8 * kMi;
  made.huge_page_bytes = 2 * kMi;
  made.shmem_huge_pages = "never";
  made.can_collapse = true;
  return made;
}

Machine with(void (*change)(Machine&)) {
  Machine changed = machine();
  change(changed);
  return changed;
}

std::string joined(const std::vector<Refusal>& refusals) {
  std::string out;
  for (const Refusal& refusal : refusals) out += refusal.key + ": " + refusal.why + "\n";
  return out;
}

/// What is wrong with one actor that says `keys`.
std::string actor(const std::string& keys, const Machine& where = machine()) {
  const auto loaded = config::load("f", "steadyd: 1\nactors: {a: {plugin: p, " + keys + "}}\n", {});
  REQUIRE_MESSAGE(loaded.diagnostics.empty(), config::print(loaded.diagnostics));
  return joined(refusals(loaded.graph.actors[0].placement, where));
}

std::string channel(const config::ChannelPlacement& wish, std::uint64_t ring_bytes, const Machine& where = machine()) {
  return joined(refusals(wish, ring_bytes, where));
}

constexpr config::ChannelPlacement kHuge{.numa = std::nullopt, .huge_pages = true};

/// Two actors, which any plugin may be, and one channel of eight-byte messages between them.
struct Pair {
  explicit Pair(const std::string& one, const std::string& other = "", const std::string& between = "") {
    auto loaded = config::load("f",
                               "steadyd: 1\nactors:\n  a: {plugin: p" + one + "}\n  b: {plugin: q" + other +
                                   "}\n  c: {plugin: r}\nchannels:\n  - {from: a.out, to: b.in" + between + "}\n",
                               {});
    REQUIRE_MESSAGE(loaded.diagnostics.empty(), config::print(loaded.diagnostics));
    graph = std::move(loaded.graph);
    const auto type = [](const char* name, std::vector<Port> ports) {
      ActorType made;
      made.name = name;
      made.ports = std::move(ports);
      return Description{name, "1", {made}};
    };
    const auto port = [](const char* name, Direction direction) {
      Port made;
      made.name = name;
      made.direction = direction;
      made.kind = Kind::Messages;
      made.message = {"Number", 8, 8, {}};
      return made;
    };
    Descriptions plugins;
    plugins.emplace("p", type("p", {port("out", Direction::Output)}));
    plugins.emplace("q", type("q", {port("in", Direction::Input)}));
    plugins.emplace("r", type("r", {}));
    auto resolution = resolve(graph, plugins);
    REQUIRE_MESSAGE(resolution.diagnostics.empty(), config::print(resolution.diagnostics));
    plan = std::move(resolution.plan);
  }
  std::string place_on(const Machine& where) { return config::print(place(plan, graph, where)); }

  config::Graph graph;
  Plan plan;
};

}  // namespace

TEST_SUITE("topology/placement") {
  TEST_CASE("what the machine allows is not refused") {
    CHECK(actor("cpus: 0-2, nice: 0, numa: 1, lock_memory: false").empty());
    CHECK(actor("nice: 19").empty());
    CHECK(channel({.numa = 1, .lock_memory = true, .huge_pages = true}, 2 * kMi).empty());
    CHECK_FALSE(wants_placement(Pair("").graph));
    CHECK(wants_placement(Pair(", nice: 0").graph));
    CHECK(wants_placement(Pair("", "", ", huge_pages: true").graph));
  }

  TEST_CASE("CPUs must be there and open") {
    CHECK(actor("cpus: [0, 4095]") == "cpus: CPU 4095 is not there or not online; this machine has 0-3\n");
    CHECK(actor("cpus: 4-5") == "cpus: CPU 4-5 are not there or not online; this machine has 0-3\n");
    CHECK(actor("cpus: 2-3") ==
          "cpus: CPU 3 is closed to steadyd, which may use 0-2: AllowedCPUs= in the unit, or the cpuset of the container, "
          "says so\n");
  }

  TEST_CASE("more than the usual share of CPU time needs a limit or a capability") {
    CHECK(actor("nice: -5") ==
          "nice: -5 needs a RLIMIT_NICE of 25, which is 0: LimitNICE=-5 in the unit, or CAP_SYS_NICE\n");
    CHECK(actor("nice: 4", with([](Machine& it) { it.nice = 5; })) ==
          "nice: 4 needs a RLIMIT_NICE of 16, which is 0: LimitNICE=4 in the unit, or CAP_SYS_NICE\n");
    CHECK(actor("nice: -5", with([](Machine& it) { it.nice_limit = 25; })).empty());
    CHECK_FALSE(actor("nice: -6", with([](Machine& it) { it.nice_limit = 25; })).empty());
    CHECK(actor("nice: -20", with([](Machine& it) { it.has_sys_nice = true; })).empty());
    CHECK(actor("nice: -5", with([](Machine& it) { it.nice = -5; })).empty());
  }

  TEST_CASE("a real-time policy needs a limit of its priority or a capability") {
    CHECK(actor("sched: fifo") ==
          "sched: fifo 1 needs a RLIMIT_RTPRIO of 1, which is 0: LimitRTPRIO=1 in the unit, or CAP_SYS_NICE\n");
    const auto limited = with([](Machine& it) { it.real_time_limit = 10; });
    CHECK(actor("sched: {policy: rr, priority: 10}", limited).empty());
    CHECK(actor("sched: {policy: rr, priority: 11}", limited) ==
          "sched: rr 11 needs a RLIMIT_RTPRIO of 11, which is 10: LimitRTPRIO=11 in the unit, or CAP_SYS_NICE\n");
    CHECK(actor("sched: {policy: rr, priority: 99}", with([](Machine& it) { it.has_sys_nice = true; })).empty());
  }

  TEST_CASE("a node must have memory that steadyd may use") {
    const std::string why = "numa: there is no memory of a node 2 that steadyd may use; this machine has ";
    CHECK(actor("numa: 2") == why + "0-1\n");
    CHECK(channel({.numa = 2}, kMi) == why + "0-1\n");
    CHECK(actor("numa: 2", with([](Machine& it) { it.nodes.clear(); })) == why + "none: its kernel knows no NUMA\n");
  }

  TEST_CASE("locking all memory of a worker needs to be without limit") {
    CHECK(actor("lock_memory: true") ==
          "lock_memory: needs a RLIMIT_MEMLOCK without limit, which is 8Mi bytes: LimitMEMLOCK=infinity in the unit, or "
          "CAP_IPC_LOCK\n");
    CHECK(actor("lock_memory: true", with([](Machine& it) { it.lock_limit_bytes.reset(); })).empty());
    CHECK(actor("lock_memory: true", with([](Machine& it) { it.has_ipc_lock = true; })).empty());
  }

  TEST_CASE("huge pages need a kernel, a setting, a file system and a ring that have room for them") {
    struct Case {
      void (*change)(Machine&);
      std::uint64_t ring_bytes;
      const char* why;
    };
    const Case cases[] = {
        {[](Machine& it) { it.huge_page_bytes = 0; }, 4 * kMi, "this kernel has no transparent huge pages"},
        {[](Machine& it) { it.huge_page_bytes = 512 * kMi; }, 4 * kMi,
         "huge pages of this machine have 512Mi bytes; only those of 2Mi are used"},
        {[](Machine& it) { it.can_collapse = false; }, 4 * kMi,
         "this kernel cannot make huge pages on demand; Linux 6.1 and later can"},
        {[](Machine& it) { it.shmem_huge_pages = "deny"; }, 4 * kMi,
         "/sys/kernel/mm/transparent_hugepage/shmem_enabled is deny; any other value will do"},
        {[](Machine& it) { it.runs_in_memory = false; }, 4 * kMi, "the runtime directory is not on a tmpfs"},
        {[](Machine&) {}, kMi,
         "a ring of 1Mi bytes is smaller than a huge page of 2Mi: a capacity of more than 1Mi bytes will do"},
    };
    for (const Case& one : cases) {
      const std::string expected = "huge_pages: " + std::string(one.why) + "\n";
      CHECK(channel(kHuge, one.ring_bytes, with(one.change)) == expected);
    }
  }

  TEST_CASE("an actor is told all that is refused, and others are not concerned") {
    Pair pair(", cpus: 9, sched: fifo");
    CHECK(pair.place_on(machine()) ==
          "f:3:3: actors.a.cpus: CPU 9 is not there or not online; this machine has 0-3\n"
          "f:3:3: actors.a.sched: fifo 1 needs a RLIMIT_RTPRIO of 1, which is 0: LimitRTPRIO=1 in the unit, or "
          "CAP_SYS_NICE\n");
    CHECK(pair.plan.actors[0].refused.starts_with("cpus: CPU 9 is not there"));
    CHECK(pair.plan.actors[0].refused.find("; sched: fifo 1 needs") != std::string::npos);
    CHECK(pair.plan.actors[1].refused.empty());
  }

  TEST_CASE("a channel that is refused stops the actors at both of its ends, and no other") {
    Pair pair("", "", ", capacity: 1Ki, huge_pages: true");
    CHECK(pair.place_on(machine()) ==
          "f:7:5: channels[0].huge_pages: a ring of 8Ki bytes is smaller than a huge page of 2Mi: a capacity of more than "
          "1Mi bytes will do\n");
    CHECK(pair.plan.actors[0].refused.starts_with("channel a.out: huge_pages: a ring of 8Ki bytes"));
    CHECK(pair.plan.actors[1].refused == pair.plan.actors[0].refused);
    CHECK(pair.plan.actors[2].refused.empty());
  }

  TEST_CASE("what the channels of one worker lock together must fit its limit") {
    const auto limited = [](std::uint64_t bytes) {
      Machine where = machine();
      where.lock_limit_bytes = bytes;
      return where;
    };
    // A page, twice a ring of 1 MiB, and the reader's page.
    const std::uint64_t one_end = 4096 + 2 * kMi + 4096;
    Pair apart("", "", ", capacity: 128Ki, lock_memory: true");
    CHECK(apart.place_on(limited(one_end)).empty());
    CHECK(apart.place_on(limited(one_end - 1)).find("RLIMIT_MEMLOCK") != std::string::npos);
    CHECK(apart.plan.actors[0].refused ==
          "its channels with lock_memory have 2056Ki bytes, and RLIMIT_MEMLOCK is 2105343: LimitMEMLOCK=2105344 in the "
          "unit, or CAP_IPC_LOCK");
    Pair together(", worker: w", ", worker: w", ", capacity: 128Ki, lock_memory: true");
    CHECK_FALSE(together.place_on(limited(one_end)).empty());
    CHECK(Pair("", "", ", capacity: 128Ki, lock_memory: true")
              .place_on(with([](Machine& it) { it.has_ipc_lock = true; it.lock_limit_bytes = 0; }))
              .empty());
  }

  TEST_CASE("a worker has what any of its actors says, and on a node the CPUs of the node that are open") {
    Pair shared(", worker: w, nice: 5", ", worker: w, numa: 1, lock_memory: true");
    (void)shared.place_on(machine());
    REQUIRE(shared.plan.workers[0].actors.size() == 2);
    const config::Placement& placement = shared.plan.workers[0].placement;
    CHECK(shown(placement) ==
          std::map<std::string, std::string>{{"cpus", "2"}, {"nice", "5"}, {"numa", "1"}, {"lock_memory", "true"}});
    Pair chosen(", numa: 1, cpus: 0, sched: {policy: rr, priority: 3}");
    (void)chosen.place_on(machine());
    CHECK(shown(chosen.plan.workers[0].placement) ==
          std::map<std::string, std::string>{{"cpus", "0"}, {"numa", "1"}, {"sched", "rr 3"}});
    CHECK(shown(chosen.plan.workers[1].placement).empty());
  }
}

}  // namespace steady::topology
