// boost::lockfree::spsc_queue between two threads: the ring that many programs use inside one process. Best practice:
// a capacity known when it is compiled, whole batches pushed from an array, all that is there consumed in place; who
// finds it full or empty pauses.
#include <array>
#include <boost/lockfree/spsc_queue.hpp>
#include <memory>
#include <thread>

#include "peers/letter.hpp"

namespace {

using Queue = boost::lockfree::spsc_queue<peer::Letter, boost::lockfree::capacity<16 * 1024>>;  // 1 MiB
constexpr std::size_t kBatchMost = 1024;

[[noreturn]] void produce(Queue& queue, std::size_t batch) {
  std::array<peer::Letter, kBatchMost> letters;
  peer::Patience patience;
  for (std::uint64_t number = 0;;) {
    for (std::size_t i = 0; i < batch; ++i) peer::write(letters[i], number++);
    for (std::size_t pushed = 0; pushed < batch;) {
      const std::size_t now = queue.push(letters.data() + pushed, batch - pushed);
      if (now == 0) patience.wait();
      pushed += now;
    }
  }
}

[[noreturn]] void produce_singly(Queue& queue) {
  peer::Letter letter;
  peer::Patience patience;
  for (std::uint64_t number = 0;; ++number) {
    peer::write(letter, number);
    while (!queue.push(letter)) patience.wait();
  }
}

void consume(Queue& queue, const peer::Chosen& choice) {
  peer::Flow flow(choice);
  peer::Patience patience;
  const auto read = [&](const peer::Letter& letter) { flow.read(letter); };
  while (!flow.over())
    if (choice.batch == 1 ? !queue.consume_one(read) : queue.consume_all(read) == 0) patience.wait();
}

void wait_for_letter(Queue& queue) {
  peer::Letter letter;
  peer::Patience patience;
  while (!queue.pop(letter)) patience.wait();
}

[[noreturn]] void answer(Queue& questions, Queue& answers) {
  for (const peer::Letter letter{};;) {
    wait_for_letter(questions);
    answers.push(letter);
  }
}

void ask(Queue& questions, Queue& answers, const peer::Chosen& choice) {
  peer::RoundTrips trips(choice);
  const peer::Letter letter{};
  for (trips.asked(); !trips.over(); trips.answered()) {
    questions.push(letter);
    wait_for_letter(answers);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const peer::Chosen choice = peer::chosen(argc, argv);
  if (choice.batch > kBatchMost) return 2;
  const auto there = std::make_unique<Queue>();
  const auto back = std::make_unique<Queue>();
  std::thread([&] {
    if (choice.round_trip) answer(*there, *back);
    if (choice.batch == 1) produce_singly(*there);
    produce(*there, choice.batch);
  }).detach();
  if (choice.round_trip)
    ask(*there, *back, choice);
  else
    consume(*there, choice);
  std::_Exit(0);  // the other thread goes on for ever
}
