// Dead letters with a real store and real segments; what workers would do is done to the segments by hand.
#include "runtime/letters.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cstring>

#include "base/hex.hpp"
#include "ipc/ring.hpp"
#include "support/ipc_bench.hpp"

namespace steady::runtime {
namespace {

using records::DeadLetter;
using test::IpcBench;
using test::must;

std::string number(std::uint64_t value) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &value, 8);
  return bytes;
}

topology::Port port(const std::string& name, topology::Direction direction, bool frames) {
  topology::Port made;
  made.name = name;
  made.direction = direction;
  made.kind = frames ? topology::Kind::Frames : topology::Kind::Messages;
  return made;
}

/// source.out (numbers) and source.text (frames) to sink, source.all (numbers) to sink and to other.
struct Graph {
  Graph() {
    for (const char* const name : {"source", "sink", "other"}) {
      topology::PlannedActor actor;
      actor.spec.name = name;
      actor.worker = plan.actors.size();
      plan.workers.push_back({name, {plan.actors.size()}});
      plan.actors.push_back(actor);
    }
    connect("out", false, {1});
    connect("text", true, {1});
    connect("all", false, {1, 2});
    must(wiring.prepare(plan));
    store = must(records::Store::open(directory.path() + "/records.db")).store;
    sampler.observe(plan, wiring);
    begin_life();
  }
  void connect(const std::string& name, bool frames, const std::vector<std::size_t>& readers) {
    topology::PlannedChannel channel;
    channel.name = "source." + name;
    channel.producer_port = name;
    channel.known = true;
    channel.frames = frames;
    channel.capacity_bytes = 8192;
    if (!frames) channel.message = {"Number", 8, 8, {{"value", "u64", 0, 1}}};
    if (!frames) channel.capacity_messages = 1024;
    const std::size_t index = plan.channels.size();
    plan.actors[0].outputs.push_back({plan.actors[0].type.ports.size(), index, 0});
    plan.actors[0].type.ports.push_back(port(name, topology::Direction::Output, frames));
    for (const std::size_t reader : readers) {
      topology::PlannedActor& actor = plan.actors[reader];
      actor.inputs.push_back({actor.type.ports.size(), index, channel.consumers.size()});
      actor.type.ports.push_back(port(name, topology::Direction::Input, frames));
      channel.consumers.push_back(reader);
      channel.consumer_ports.push_back(name);
    }
    plan.channels.push_back(channel);
  }

  /// steadyd starts, again if it has lived before.
  void begin_life() {
    const auto send = [this](const std::string& actor, const ipc::Command& command) {
      sent.push_back(actor + " " + std::to_string(command.replay.ticket) + " " + command.replay.channel);
      return runs;
    };
    letters = std::make_unique<Letters>(*store, wiring, sampler, send);
    must(letters->load());
  }

  [[nodiscard]] ipc::InputEnd input(const std::string& name, const std::string& reader = "sink") const {
    return must(ipc::InputEnd::create(
        IpcBench::open(segments.ring_path("source." + name), O_RDONLY).get(),
        IpcBench::open(segments.reader_path("source." + name, reader + "." + name), O_RDWR).get(),
        IpcBench::open(segments.bell_path("source"), O_RDWR).get()));
  }
  [[nodiscard]] ipc::OutputEnd output(const std::string& name) const {
    return must(ipc::OutputEnd::create(IpcBench::open(segments.ring_path("source." + name), O_RDWR).get(), {}));
  }
  void put(const std::string& name, const std::vector<std::uint64_t>& numbers) const {
    ipc::OutputEnd end = output(name);
    end.publish(test::write_numbers(end, numbers));
  }
  void put_frame(const std::string& body) const {
    ipc::OutputEnd end = output("text");
    const std::uint32_t head[2] = {static_cast<std::uint32_t>(body.size()), 0};
    std::memcpy(end.begin(), head, sizeof head);
    std::memcpy(end.begin() + sizeof head, body.data(), body.size());
    end.publish({end.position().bytes + (sizeof head + body.size() + 7) / 8 * 8, end.position().messages + 1});
  }
  /// The reader takes one number, or steps over it.
  void take(const std::string& name) const {
    ipc::InputEnd end = input(name);
    end.publish({end.position().bytes + 8, end.position().messages + 1});
  }
  /// The producer has put back what had this ticket, and died before it could say so.
  void remember(std::uint64_t ticket) const {
    const UniqueFd fd = IpcBench::open(segments.actor_path("source"), O_RDWR);
    const auto mapping = must(ipc::map_segment(fd.get(), ipc::SegmentKind::Actor, ipc::Access::ReadWrite));
    mapping.at<ipc::ActorWords>(ipc::kActorWordsOffset)->last_replay.store(ticket);
  }
  [[nodiscard]] Suspect suspect(const std::string& name, std::uint64_t sequence) const {
    return {.reader = input(name).incarnation(), .sequence = sequence};
  }
  std::int64_t set_aside(const std::string& name, std::uint64_t sequence) {
    return must(letters->set_aside(plan, 1, suspect(name, sequence), 3, 17));
  }
  /// Set aside, stepped over, and kept.
  std::int64_t hold(const std::string& name, std::uint64_t sequence) {
    const std::int64_t id = set_aside(name, sequence);
    letters->stepped_over("sink", "source." + name, sequence);
    take(name);
    return id;
  }
  /// What the next generations of both ends are told.
  ipc::WorkerPlan next() {
    ipc::WorkerPlan order;
    for (const char* const name : {"source", "sink", "other"}) {
      ipc::ActorPlan& actor = order.actors.emplace_back();
      actor.name = name;
      if (actor.name == "source") continue;
      for (const char* const end : {"out", "text", "all"}) {
        ipc::InputPlan& to = actor.inputs.emplace_back();
        to.port = end;
        to.channel = std::string("source.") + end;
      }
    }
    letters->fill(plan, order);
    return order;
  }
  /// What the producer is told once it is ready.
  [[nodiscard]] std::vector<ipc::Command> returning() const { return letters->waiting_for(plan, "source"); }
  [[nodiscard]] std::optional<std::uint64_t> skip(std::size_t input) { return next().actors[1].inputs[input].skip; }
  [[nodiscard]] DeadLetter::State state(std::int64_t id) const { return must(store->letter(id)).state; }
  [[nodiscard]] bool forgotten(std::int64_t id) const { return !store->letter(id); }
  Letters::Replayed replay(std::vector<std::int64_t> ids, bool all_readers = false) {
    return must(letters->replay(plan, {.ids = std::move(ids), .filter = {}, .all_readers = all_readers}));
  }

  test::MemoryDirectory directory{};
  topology::Plan plan{};
  Wiring wiring{directory.path() + "/run", directory.path() + "/state"};
  ipc::Segments segments{directory.path() + "/run/segments"};
  Sampler sampler{};
  std::unique_ptr<records::Store> store{};
  std::vector<std::string> sent{};
  bool runs = true;
  std::unique_ptr<Letters> letters{};
};

using State = DeadLetter::State;
using Words = std::vector<std::string>;

}  // namespace

TEST_SUITE("runtime/letters") {
  TEST_CASE("a message that is no longer next is not set aside, nor one of a reader that is another by now") {
    Graph graph;
    graph.put("out", {41, 42});
    graph.take("out");
    for (const Suspect& wrong :
         {graph.suspect("out", 0), graph.suspect("out", 2), graph.suspect("text", 1), Suspect{1, 1}}) {
      const auto refused = graph.letters->set_aside(graph.plan, 1, wrong, 3, 1);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::NotFound);
    }
    CHECK(graph.store->letter_counts().empty());
    CHECK_FALSE(graph.skip(0));
  }

  TEST_CASE("a letter holds the message, who it killed, and how often") {
    Graph graph;
    graph.put("out", {41, 42});
    graph.take("out");
    const DeadLetter letter = must(graph.store->letter(graph.set_aside("out", 1)));
    CHECK(letter.state == State::Moving);
    CHECK(letter.actor == "sink");
    CHECK(letter.port == "out");
    CHECK(letter.channel == "source.out");
    CHECK(letter.producer == "source");
    CHECK(letter.sequence == 1);
    CHECK(letter.ring_incarnation == graph.output("out").incarnation());
    CHECK(letter.message_hash == graph.wiring.message_hash(graph.plan.channels[0]));
    CHECK(letter.message == "Number");
    CHECK(letter.payload == number(42));
    CHECK(letter.text == R"({"value":42})");
    CHECK(letter.deliveries == 3);
    CHECK(letter.incident == 17);
  }

  TEST_CASE("of a long frame the whole body is kept, and only its text is cut") {
    Graph graph;
    const std::string body(6000, 'x');
    graph.put_frame(body);
    const DeadLetter letter = must(graph.store->letter(graph.set_aside("text", 0)));
    CHECK(letter.message == "frame");
    CHECK(letter.payload == body);
    CHECK(letter.text == "\"" + body.substr(0, 4096) + "...\"");
  }

  TEST_CASE("the reader's next generation is told to step over it, until it has, and no other reader is") {
    Graph graph;
    graph.put("out", {41, 42});
    const std::int64_t id = graph.set_aside("out", 0);
    for (int generation = 0; generation < 2; ++generation) {
      const ipc::WorkerPlan order = graph.next();
      CHECK(order.actors[1].inputs[0].skip == 0);
      CHECK_FALSE(order.actors[1].inputs[1].skip);
      CHECK_FALSE(order.actors[1].inputs[2].skip);
      for (const ipc::InputPlan& input : order.actors[2].inputs) CHECK_FALSE(input.skip);
    }
    graph.letters->stepped_over("sink", "source.out", 7);
    graph.letters->stepped_over("other", "source.out", 0);
    graph.letters->stepped_over("sink", "source.all", 0);
    CHECK(graph.state(id) == State::Moving);
    graph.letters->stepped_over("sink", "source.out", 0);
    CHECK(graph.state(id) == State::Held);
    CHECK_FALSE(graph.skip(0));
  }

  TEST_CASE("a letter that was stepped over right before a death is found to be so, without a word of it") {
    Graph graph;
    graph.put("out", {41, 42});
    const std::int64_t id = graph.set_aside("out", 0);
    graph.take("out");
    CHECK_FALSE(graph.skip(0));
    CHECK(graph.state(id) == State::Held);
  }

  TEST_CASE("nothing is left to step over once another ring has taken the place of the one that held it") {
    Graph graph;
    graph.put("out", {41});
    const std::int64_t id = graph.set_aside("out", 0);
    graph.segments.remove_channels({"source.out"});
    must(graph.wiring.prepare(graph.plan));
    graph.sampler.observe(graph.plan, graph.wiring);
    CHECK_FALSE(graph.skip(0));
    CHECK(graph.state(id) == State::Held);
  }

  TEST_CASE("steadyd's next life goes on with what the last one left, on the way out and on the way back") {
    Graph graph;
    graph.put("out", {41, 42});
    const std::int64_t back = graph.hold("out", 0);
    graph.replay({back});
    const std::int64_t out = graph.set_aside("out", 1);
    graph.begin_life();
    const ipc::WorkerPlan order = graph.next();
    CHECK(order.actors[1].inputs[0].skip == 1);
    REQUIRE(graph.returning().size() == 1);
    CHECK(graph.returning()[0].actor == "source");
    CHECK(graph.returning()[0].replay.ticket == 1);
    CHECK(graph.returning()[0].replay.channel == "source.out");
    CHECK(graph.returning()[0].replay.payload_hex == to_hex(number(41)));
    CHECK(graph.letters->waiting_for(graph.plan, "sink").empty());
    graph.letters->stepped_over("sink", "source.out", 1);
    graph.letters->put_back("source", 1);
    CHECK(graph.state(out) == State::Held);
    CHECK(graph.forgotten(back));
  }

  TEST_CASE("a letter that is still being taken from its channel is not put back") {
    Graph graph;
    graph.put("out", {41});
    const std::int64_t id = graph.set_aside("out", 0);
    const Letters::Replayed outcome = graph.replay({id});
    CHECK(outcome.sent + outcome.waiting == 0);
    CHECK(outcome.notes == Words{"letter 1: dead letter 1 is still being taken from its channel"});
    CHECK(graph.sent.empty());
    CHECK(graph.state(id) == State::Moving);
  }

  TEST_CASE("a letter of a channel with other readers goes back only when that is asked for") {
    Graph graph;
    graph.put("all", {41});
    const std::int64_t id = graph.hold("all", 0);
    const Letters::Replayed refused = graph.replay({id});
    CHECK(refused.sent == 0);
    CHECK(refused.notes == Words{"letter 1: channel source.all has 2 readers, and the others have had this message; "
                                 "--all-readers sends it to all"});
    CHECK(graph.state(id) == State::Held);
    CHECK(graph.replay({id}, true).sent == 1);
    CHECK(graph.sent == Words{"source 1 source.all"});
  }

  TEST_CASE("a letter stays where it is when its channel carries other messages now, or is gone") {
    Graph graph;
    graph.put("out", {41});
    const std::int64_t id = graph.hold("out", 0);
    graph.plan.channels[0].message.fields[0].type = "i64";
    CHECK(graph.replay({id}).notes == Words{"letter 1: channel source.out carries other messages now"});
    graph.plan.channels[0].name = "source.new";
    CHECK(graph.replay({id}).notes == Words{"letter 1: there is no channel source.out any more"});
    CHECK(graph.state(id) == State::Held);
    CHECK(graph.sent.empty());
  }

  TEST_CASE("a letter that does not exist is a note, and the others go all the same") {
    Graph graph;
    graph.put("out", {41});
    const std::int64_t id = graph.hold("out", 0);
    const Letters::Replayed outcome = graph.replay({77, id});
    CHECK(outcome.sent == 1);
    CHECK(outcome.notes.size() == 1);
  }

  TEST_CASE("a producer that does not run gets its letters once it is ready, in the order of their tickets") {
    Graph graph;
    graph.put("out", {41, 42, 43});
    std::vector<std::int64_t> ids;
    for (const std::uint64_t sequence : {0U, 1U, 2U}) ids.push_back(graph.hold("out", sequence));
    graph.runs = false;
    const Letters::Replayed outcome = graph.replay({ids[2], ids[0], ids[1]});
    CHECK(outcome.sent == 0);
    CHECK(outcome.waiting == 3);
    const auto commands = graph.returning();
    REQUIRE(commands.size() == 3);
    const std::uint64_t expected[] = {43, 41, 42};
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(commands[i].replay.ticket == i + 1);
      CHECK(commands[i].replay.payload_hex == to_hex(number(expected[i])));
    }
  }

  TEST_CASE("a letter that no longer fits holds up those behind it, which would speak for it") {
    Graph graph;
    graph.put("out", {41});
    graph.put_frame("text");
    const std::int64_t number = graph.hold("out", 0);
    const std::int64_t text = graph.set_aside("text", 0);
    graph.letters->stepped_over("sink", "source.text", 0);
    graph.runs = false;
    CHECK(graph.replay({number}).waiting == 1);
    graph.plan.channels[0].message.fields[0].type = "i64";
    graph.runs = true;
    graph.sent.clear();
    CHECK(graph.replay({text}).waiting == 1);
    CHECK(graph.sent.empty());
    CHECK(graph.returning().empty());
    graph.plan.channels[0].message.fields[0].type = "u64";
    CHECK(graph.returning().size() == 2);
  }

  TEST_CASE("what was put back right before a death is forgotten, and nothing above its ticket is") {
    Graph graph;
    graph.put("out", {41, 42, 43});
    std::vector<std::int64_t> ids;
    for (const std::uint64_t sequence : {0U, 1U, 2U}) ids.push_back(graph.hold("out", sequence));
    graph.replay(ids);
    graph.remember(2);
    static_cast<void>(graph.next());
    CHECK(graph.returning().size() == 1);
    CHECK(graph.forgotten(ids[0]));
    CHECK(graph.forgotten(ids[1]));
    CHECK(graph.state(ids[2]) == State::Replaying);
  }

  TEST_CASE("tickets grow, across letters, lives, and whatever the producer remembers") {
    Graph graph;
    graph.put("out", {41, 42, 43, 44});
    std::vector<std::int64_t> ids;
    for (const std::uint64_t sequence : {0U, 1U, 2U, 3U}) ids.push_back(graph.hold("out", sequence));
    graph.replay({ids[0]});
    graph.letters->put_back("source", 1);
    CHECK(graph.forgotten(ids[0]));
    graph.replay({ids[1]});
    graph.begin_life();
    graph.remember(40);
    graph.replay({ids[2]});
    graph.replay({ids[3]});
    CHECK(graph.sent == Words{"source 1 source.out", "source 2 source.out", "source 41 source.out",
                              "source 42 source.out"});
  }

  TEST_CASE("a letter that is on its way back keeps its ticket, however often it is asked for") {
    Graph graph;
    graph.put("out", {41});
    const std::int64_t id = graph.hold("out", 0);
    for (int time = 0; time < 3; ++time) graph.replay({id});
    CHECK(graph.sent == Words(3, "source 1 source.out"));
    CHECK(graph.returning().size() == 1);
    graph.letters->put_back("other", 1);
    graph.letters->put_back("source", 2);
    CHECK(graph.state(id) == State::Replaying);
  }

  TEST_CASE("without ids all letters of the filter that are held go back, in the order in which they came") {
    Graph graph;
    graph.put("out", {41, 42, 43});
    graph.put_frame("line");
    graph.hold("out", 0);
    graph.hold("out", 1);
    const std::int64_t moving = graph.set_aside("out", 2);
    const std::int64_t other = graph.set_aside("text", 0);
    graph.letters->stepped_over("sink", "source.text", 0);
    const auto outcome = must(graph.letters->replay(
        graph.plan, {.ids = {}, .filter = {.actor = {}, .channel = "source.out", .producer = {}, .state = {}}}));
    CHECK(outcome.sent == 2);
    CHECK(outcome.notes.empty());
    CHECK(graph.sent == Words{"source 1 source.out", "source 2 source.out"});
    CHECK(graph.state(moving) == State::Moving);
    CHECK(graph.state(other) == State::Held);
  }

  TEST_CASE("injected messages are stored once, however often they are sent, and go to a producer that runs") {
    Graph graph;
    graph.runs = true;
    const auto& out = graph.plan.channels[0];
    must(graph.letters->inject(graph.plan, out, "aa", 0, {number(7), number(8)}));
    must(graph.letters->inject(graph.plan, out, "aa", 0, {number(7), number(8), number(9)}));
    CHECK(graph.sent.size() == 3);
    CHECK(must(graph.letters->injected("aa")).stored == 3);
    CHECK(must(graph.letters->injected("aa")).waiting == 3);
    CHECK(must(graph.letters->injected("bb")).stored == 0);
    CHECK_FALSE(graph.letters->inject(graph.plan, out, "aa", 4, {number(1)}));
    const auto told = graph.letters->waiting_for(graph.plan, "source");
    REQUIRE(told.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(told[i].replay.payload_hex == to_hex(number(7 + i)));
    graph.letters->put_back("source", told[0].replay.ticket);
    CHECK(must(graph.letters->injected("aa")).waiting == 2);
    must(graph.letters->inject(graph.plan, out, "aa", 0, {number(7), number(8), number(9)}));
    CHECK(must(graph.letters->injected("aa")).waiting == 2);
  }

  TEST_CASE("injected messages are no dead letters to those who look for them") {
    Graph graph;
    must(graph.letters->inject(graph.plan, graph.plan.channels[0], "aa", 0, {number(7)}));
    CHECK(must(graph.store->letters({}, 10)).size() == 1);
    records::LetterFilter dead;
    dead.dead = true;
    CHECK(must(graph.store->letters(dead, 10)).empty());
  }

  TEST_CASE("steadyd puts what waits for a producer without a process, in order, as far as there is room") {
    Graph graph;
    std::vector<std::string> payloads;
    for (std::uint64_t i = 0; i < 1030; ++i) payloads.push_back(number(i));
    must(graph.letters->inject(graph.plan, graph.plan.channels[0], "aa", 0, payloads));
    const auto put = [&] { graph.letters->put_for_dormant(graph.plan, [](std::size_t) { return true; }, ipc::FenceMode::Full); };
    for (int i = 0; i < 3; ++i) put();
    CHECK(must(graph.letters->injected("aa")).waiting == 6);  // 1024 fit
    ipc::InputEnd input = graph.input("out");
    REQUIRE(input.refresh());
    const auto numbers = test::read_numbers(input);
    REQUIRE(numbers.size() == 1024);
    for (std::uint64_t i = 0; i < 1024; ++i) CHECK(numbers[i] == i);
    input.publish({input.position().bytes + 8 * 1024, 1024});
    put();
    CHECK(must(graph.letters->injected("aa")).waiting == 0);
    REQUIRE(input.refresh());
    CHECK(test::read_numbers(input) == std::vector<std::uint64_t>{1024, 1025, 1026, 1027, 1028, 1029});
  }

  TEST_CASE("what steadyd put right before it was killed is not put again, and what it had only stored is") {
    Graph graph;
    must(graph.letters->inject(graph.plan, graph.plan.channels[0], "aa", 0, {number(1), number(2)}));
    graph.put("out", {1});  // as steadyd did with the first ticket, before it could forget the letter
    graph.remember(graph.letters->waiting_for(graph.plan, "source")[0].replay.ticket);
    graph.begin_life();
    graph.letters->put_for_dormant(graph.plan, [](std::size_t) { return true; }, ipc::FenceMode::Full);
    CHECK(must(graph.letters->injected("aa")).waiting == 0);
    ipc::InputEnd input = graph.input("out");
    REQUIRE(input.refresh());
    CHECK(test::read_numbers(input) == std::vector<std::uint64_t>{1, 2});
  }

  TEST_CASE("steadyd finishes a dead producer's commit before it puts anything behind it") {
    Graph graph;
    {
      ipc::OutputEnd end = graph.output("out");
      const ipc::Position to = test::write_numbers(end, std::vector<std::uint64_t>{5});
      const UniqueFd fd = IpcBench::open(graph.segments.actor_path("source"), O_RDWR);
      const auto mapping = must(ipc::map_segment(fd.get(), ipc::SegmentKind::Actor, ipc::Access::ReadWrite));
      auto& record = mapping.at<ipc::ActorWords>(ipc::kActorWordsOffset)->record;
      record.entry_count = 1;
      record.entries[0] = {end.incarnation(), to.bytes, to.messages};
      record.armed.store(1);
    }
    must(graph.letters->inject(graph.plan, graph.plan.channels[0], "aa", 0, {number(6)}));
    graph.letters->put_for_dormant(graph.plan, [](std::size_t) { return true; }, ipc::FenceMode::Full);
    ipc::InputEnd input = graph.input("out");
    REQUIRE(input.refresh());
    CHECK(test::read_numbers(input) == std::vector<std::uint64_t>{5, 6});
  }

  TEST_CASE("nothing is put into a stream that has ended, and it says why") {
    Graph graph;
    must(graph.letters->inject(graph.plan, graph.plan.channels[0], "aa", 0, {number(6)}));
    graph.output("out").set_closed(true);
    graph.letters->put_for_dormant(graph.plan, [](std::size_t) { return true; }, ipc::FenceMode::Full);
    CHECK(must(graph.letters->injected("aa")).waiting == 1);
    CHECK(must(graph.letters->injected("aa")).why.find("its stream is closed") != std::string::npos);
  }

  TEST_CASE("only letters that are held are purged") {
    Graph graph;
    graph.put("out", {41, 42, 43});
    const std::int64_t replaying = graph.hold("out", 0);
    const std::int64_t held = graph.hold("out", 1);
    const std::int64_t moving = graph.set_aside("out", 2);
    graph.replay({replaying});
    CHECK_FALSE(graph.letters->purge({.ids = {moving}, .filter = {}}));
    CHECK_FALSE(graph.letters->purge({.ids = {replaying}, .filter = {}}));
    CHECK(must(graph.letters->purge({.ids = {}, .filter = {}})) == 1);
    CHECK(graph.forgotten(held));
    CHECK(graph.state(moving) == State::Moving);
    CHECK(graph.state(replaying) == State::Replaying);
  }
}

}  // namespace steady::runtime
