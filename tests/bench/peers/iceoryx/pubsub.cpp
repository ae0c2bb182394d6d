// iceoryx between two processes, with its RouDi running (peers.py starts it). Best practice: samples are loaned and
// written in place; the publisher waits for its subscriber instead of dropping; both poll, which is its fastest way.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iceoryx_posh/popo/publisher.hpp"
#include "iceoryx_posh/popo/subscriber.hpp"
#include "iceoryx_posh/runtime/posh_runtime.hpp"
#include "peers/letter.hpp"

namespace {

using peer::Letter;
using Publisher = iox::popo::Publisher<Letter>;
using Subscriber = iox::popo::Subscriber<Letter>;

iox::capro::ServiceDescription way(const char* name) {
  return {"Peers", "Letters", iox::capro::IdString_t(iox::cxx::TruncateToCapacity, name)};
}

Publisher publisher(const char* name) {
  iox::popo::PublisherOptions options;
  options.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
  return Publisher(way(name), options);
}

Subscriber subscriber(const char* name) {
  iox::popo::SubscriberOptions options;
  options.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
  return Subscriber(way(name), options);
}

void send(Publisher& to, std::uint64_t number) {
  auto loan = to.loan();
  peer::Patience patience;
  while (loan.has_error()) {  // all of the pool is under way
    patience.wait();
    loan = to.loan();
  }
  peer::write(**loan, number);
  loan->publish();
}

/// Waits until one is there; false when `somebody_sends` is no longer true.
template <class Read, class Sends>
bool receive(Subscriber& from, const Read& read, const Sends& somebody_sends) {
  for (peer::Patience patience;; patience.wait()) {
    auto taken = from.take();
    if (!taken.has_error()) {
      read(**taken);
      return true;
    }
    if (!somebody_sends()) return false;
  }
}

constexpr auto kAlways = [] { return true; };

void wait_for_subscriber(Publisher& of) {
  while (!of.hasSubscribers()) ::usleep(1000);
}

/// Until nobody listens.
void produce(bool round_trip) {
  iox::runtime::PoshRuntime::initRuntime("peer-producer");
  Publisher there = publisher("there");
  wait_for_subscriber(there);
  std::uint64_t number = 0;
  if (!round_trip) {
    while (number % 1024 != 0 || there.hasSubscribers()) send(there, number++);
    return;
  }
  Subscriber back = subscriber("back");
  const auto read = [&](const Letter& letter) { number = letter.words[0]; };
  while (receive(back, read, [&] { return there.hasSubscribers(); })) send(there, number);
}

void consume(const peer::Chosen& choice) {
  Subscriber there = subscriber("there");
  peer::Flow flow(choice);
  while (!flow.over()) receive(there, [&](const Letter& letter) { flow.read(letter); }, kAlways);
}

void ask(const peer::Chosen& choice) {
  Publisher back = publisher("back");
  Subscriber there = subscriber("there");
  wait_for_subscriber(back);
  peer::RoundTrips trips(choice);
  for (trips.asked(); !trips.over(); trips.answered()) {
    send(back, 0);
    receive(there, [](const Letter&) {}, kAlways);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const peer::Chosen choice = peer::chosen(argc, argv);
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kError,
                                                           iox::log::LogLevelOutput::kHideLogLevel);
  const pid_t child = ::fork();  // before there is a runtime: each process has its own
  if (child < 0) return 1;
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    produce(choice.round_trip);
    return 0;
  }
  iox::runtime::PoshRuntime::initRuntime("peer-consumer");
  if (choice.round_trip)
    ask(choice);
  else
    consume(choice);
  ::waitpid(child, nullptr, 0);  // orderly, so that RouDi has nothing to complain of
}
