// The limit that graphs of three actors are measured against: the same protocol with nothing around it. Three processes on
// two rings, every step a full commit (redo record, output, input, state); no checks, no sleeping, no telemetry, no daemon.
//
//   bare_transaction BATCH SECONDS   prints the numbers per second that reached the end, and fails when one is missing
#include <algorithm>
#include <cstdio>

#include "bare_ring.hpp"
#include "work.hpp"

namespace {

constexpr std::uint64_t kRingBytes = 1 << 20;
constexpr std::uint64_t kNumberBytes = 8;

struct Record {
  alignas(128) bare::Word armed{0};
  std::uint64_t output;
  std::uint64_t input;
  std::uint64_t state_index;
  alignas(128) work::Progress state[2];
  bare::Word current{0};
};

/// One actor: at most `batch` numbers a step, as many as there are and fit.
template <class Work>
[[noreturn]] void run(Record& record, bare::Reader* input, bare::Writer* output, std::uint64_t batch, const Work& work) {
  bare::Backoff backoff;
  for (;;) {
    std::uint64_t bytes = batch * kNumberBytes;
    if (input != nullptr) bytes = std::min(bytes, input->ready(bytes));
    if (output != nullptr) bytes = std::min(bytes, output->ready(bytes));
    if (bytes == 0) {
      backoff.wait();
      continue;
    }
    backoff.reset();
    const std::uint64_t current = record.current.load(std::memory_order_relaxed);
    work::Progress& next = record.state[current ^ 1];
    next = record.state[current];
    work(input == nullptr ? nullptr : reinterpret_cast<const std::uint64_t*>(input->place()),
         output == nullptr ? nullptr : reinterpret_cast<std::uint64_t*>(output->place()), bytes / kNumberBytes, next);
    if (output != nullptr) record.output = output->position() + bytes;
    if (input != nullptr) record.input = input->position() + bytes;
    record.state_index = current ^ 1;
    record.armed.store(1, std::memory_order_release);  // the commit
    if (output != nullptr) output->publish(record.output);
    if (input != nullptr) input->publish(record.input);
    record.current.store(current ^ 1, std::memory_order_relaxed);
    record.armed.store(0, std::memory_order_release);
  }
}

void generate(const std::uint64_t*, std::uint64_t* out, std::uint64_t count, work::Progress& progress) {
  work::generate(out, count, progress);
}
void audit(const std::uint64_t* in, std::uint64_t*, std::uint64_t count, work::Progress& progress) {
  work::audit(in, count, progress);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t batch = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 4096;
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 3;
  if (batch == 0 || !(seconds > 0)) {
    std::fprintf(stderr, "usage: bare_transaction BATCH SECONDS\n");
    return 2;
  }
  const bare::Ring first = bare::make_ring(kRingBytes);
  const bare::Ring second = bare::make_ring(kRingBytes);
  Record* records[3];
  for (Record*& record : records) record = new (bare::shared(4096)) Record{};

  bare::Writer numbers_out(first);
  bare::Reader numbers_in(first);
  bare::Writer changed_out(second);
  bare::Reader changed_in(second);
  bare::Crew crew;
  crew.add([&] { run(*records[0], nullptr, &numbers_out, batch, generate); });
  crew.add([&] { run(*records[1], &numbers_in, &changed_out, batch, work::change); });
  crew.add([&] { run(*records[2], &changed_in, nullptr, batch, audit); });
  const auto audited = [&] { return second.header->head.load(std::memory_order_relaxed) / kNumberBytes; };
  const double rate = bare::rate_of(audited, seconds);
  const bool good = crew.end();
  std::printf("%.0f\n", rate);
  return good && records[2]->state[records[2]->current.load(std::memory_order_relaxed)].gaps == 0 ? 0 : 1;
}
