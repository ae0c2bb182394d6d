// Two event-based actors of CAF in one process. Best practice: typed messages that are values, as many scheduler
// threads as actors, and credit, for a mailbox has no bound: at most kWindow letters are under way, half of them are
// granted anew at a time.
#include <caf/all.hpp>

#include "peers/letter.hpp"

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::Letter)  // it never leaves the process

namespace {

using peer::Letter;
constexpr std::uint64_t kWindow = 4096;

caf::behavior producer(caf::stateful_actor<std::uint64_t>* self, const caf::actor& consumer) {
  self->state = 0;
  return {[=](std::uint64_t credit) {
    for (; credit > 0; --credit) {
      Letter letter;
      peer::write(letter, self->state++);
      self->send(consumer, letter);
    }
  }};
}

struct Reading {
  explicit Reading(const peer::Chosen& choice) : flow(choice) {}
  peer::Flow flow;
  std::uint64_t owed = 0;
};

caf::behavior consumer(caf::event_based_actor* self, std::shared_ptr<Reading> reading) {
  return {[=](const Letter& letter) {
    reading->flow.read(letter);
    if (reading->flow.over()) std::_Exit(0);
    if (++reading->owed < kWindow / 2) return;
    reading->owed = 0;
    self->send(caf::actor_cast<caf::actor>(self->current_sender()), kWindow / 2);
  }};
}

caf::behavior answerer(caf::event_based_actor*) {
  return {[](const Letter& letter) { return letter; }};
}

caf::behavior asker(caf::event_based_actor* self, const caf::actor& other, std::shared_ptr<peer::RoundTrips> trips) {
  return {[=](const Letter& letter) {
    trips->answered();
    if (trips->over()) std::_Exit(0);
    self->send(other, letter);
  }};
}

}  // namespace

int main(int argc, char** argv) {
  const peer::Chosen choice = peer::chosen(argc, argv);
  caf::actor_system_config config;
  config.set("scheduler.max-threads", 2);
  caf::actor_system system(config);
  if (choice.round_trip) {
    const auto trips = std::make_shared<peer::RoundTrips>(choice);
    const caf::actor other = system.spawn(answerer);
    trips->asked();
    caf::anon_send(system.spawn(asker, other, trips), Letter{});
  } else {
    const caf::actor reader = system.spawn(consumer, std::make_shared<Reading>(choice));
    caf::anon_send(system.spawn(producer, reader), kWindow);
  }
  system.await_all_actors_done();
}
