// NATS core between two processes over loopback, with a nats-server running (peers.py starts it; its address is in
// PEER_NATS). Best practice: the client's own buffering (none for a round trip), an asynchronous subscription, and
// credit, for core NATS drops what a slow subscriber does not take: at most kWindow letters are under way.
#include <nats/nats.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>

#include "peers/letter.hpp"

namespace {

using peer::Letter;
constexpr std::uint64_t kWindow = 65'536;
constexpr std::int64_t kPatienceMilliseconds = 10'000;

void need(natsStatus status) {
  if (status == NATS_OK) return;
  std::fprintf(stderr, "NATS: %s\n", ::natsStatus_GetText(status));
  std::_Exit(1);
}

/// `at_once`: each letter leaves when it is published, instead of with others a moment later.
natsConnection* connect(bool at_once) {
  const char* const address = std::getenv("PEER_NATS");
  natsOptions* options = nullptr;
  need(::natsOptions_Create(&options));
  need(::natsOptions_SetURL(options, address != nullptr ? address : NATS_DEFAULT_URL));
  need(::natsOptions_SetSendAsap(options, at_once));
  natsConnection* connection = nullptr;
  need(::natsConnection_Connect(&connection, options));
  ::natsOptions_Destroy(options);
  return connection;
}

void publish(natsConnection* connection, const char* subject, const Letter& letter) {
  need(::natsConnection_Publish(connection, subject, &letter, sizeof letter));
}

Letter letter_in(natsMsg* message) {
  Letter letter{};
  if (::natsMsg_GetDataLength(message) == sizeof letter)
    std::memcpy(&letter, ::natsMsg_GetData(message), sizeof letter);
  return letter;
}

natsSubscription* subscribe(natsConnection* connection, const char* subject) {
  natsSubscription* subscription = nullptr;
  need(::natsConnection_SubscribeSync(&subscription, connection, subject));
  return subscription;
}

Letter next(natsSubscription* subscription) {
  natsMsg* message = nullptr;
  need(::natsSubscription_NextMsg(&message, subscription, kPatienceMilliseconds));
  const Letter letter = letter_in(message);
  ::natsMsg_Destroy(message);
  return letter;
}

[[noreturn]] void produce(bool round_trip) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  natsConnection* const connection = connect(round_trip);
  natsSubscription* const back = subscribe(connection, "back");
  need(::natsConnection_Flush(connection));
  if (round_trip)
    for (;;) publish(connection, "there", next(back));
  next(back);  // somebody listens
  Letter letter{};
  for (std::uint64_t number = 0;;) {
    for (std::uint64_t i = 0; i < kWindow / 2; ++i) {
      peer::write(letter, number++);
      publish(connection, "there", letter);
    }
    if (number > kWindow / 2) next(back);
  }
}

struct Reading {
  natsConnection* connection;
  peer::Flow flow;
  std::uint64_t owed = 0;
};

void on_letter(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
  auto& reading = *static_cast<Reading*>(closure);
  reading.flow.read(letter_in(message));
  ::natsMsg_Destroy(message);
  if (reading.flow.over()) std::_Exit(0);  // the other process dies with this one
  if (++reading.owed < kWindow / 2) return;
  reading.owed = 0;
  publish(reading.connection, "back", Letter{});
}

/// The other process may not be there yet, and what nobody listens to is gone.
template <class There>
void call_until(natsConnection* connection, const There& there) {
  while (!there()) {
    publish(connection, "back", Letter{});
    ::usleep(50'000);
  }
}

void ask(const peer::Chosen& choice) {
  natsConnection* const connection = connect(true);
  natsSubscription* const there = subscribe(connection, "there");
  std::uint64_t waiting = 0;
  call_until(connection, [&] {
    return ::natsSubscription_QueuedMsgs(there, &waiting) == NATS_OK && waiting > 0;
  });
  ::usleep(100'000);
  for (; ::natsSubscription_QueuedMsgs(there, &waiting) == NATS_OK && waiting > 0;) next(there);
  peer::RoundTrips trips(choice);
  for (trips.asked(); !trips.over(); trips.answered()) {
    publish(connection, "back", Letter{});
    next(there);
  }
}

[[noreturn]] void consume(const peer::Chosen& choice) {
  static Reading reading{connect(false), peer::Flow(choice)};
  natsSubscription* there = nullptr;
  need(::natsConnection_Subscribe(&there, reading.connection, "there", on_letter, &reading));
  need(::natsSubscription_SetPendingLimits(there, -1, -1));
  std::int64_t delivered = 0;
  call_until(reading.connection, [&] {
    return ::natsSubscription_GetDelivered(there, &delivered) == NATS_OK && delivered > 0;
  });
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  const peer::Chosen choice = peer::chosen(argc, argv);
  if (const pid_t child = ::fork(); child == 0)
    produce(choice.round_trip);
  else if (child < 0)
    return 1;
  if (!choice.round_trip) consume(choice);
  ask(choice);
  std::_Exit(0);
}
