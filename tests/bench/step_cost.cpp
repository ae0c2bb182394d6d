// What a step costs: the worker's own loop around an actor that does next to nothing, in one process, on real segments. Its
// far ends belong to this program, which fills and empties them every now and then, so that nobody ever waits; the time
// for that is taken off.
//
//   step_cost call|one|two|state PASSES [unsampled]   prints, for each pass, the nanoseconds of one step
//
// call: no step, but the call of an empty function. one: an input, one message a step. two: an input and an output, one
// message each. state: the same, and 64 bytes of state that change. Some steps are sampled, as in a worker by default;
// unsampled: none is, for a profiler in which time passes more slowly and so every other step would be.
#include <fcntl.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <steady/actor.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/ipc_bench.hpp"
#include "worker/actor_thread.hpp"

namespace {

using namespace steady;

constexpr std::uint64_t kBurst = 1024;  // messages that the far ends give at once
constexpr std::uint64_t kSteps = 64 * kBurst;

struct Number {
  std::uint64_t value;
};

double now_ns() {
  return static_cast<double>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// The channels of one actor, `x`, and their far ends.
class FarEnds {
 public:
  explicit FarEnds(bool with_output) {
    const ipc::RingSpec ring{4 * kBurst * sizeof(Number), sizeof(Number), alignof(Number)};
    bench_.add_channel("in", ring, {"x"});
    input_.emplace(bench_.output("in", {"x"}));
    if (with_output) {
      bench_.add_channel("out", ring, {"far"});
      output_.emplace(bench_.input("out", "far"));
    }
    refill();
  }

  /// Gives the next burst, and takes what was put. Never inlined, so that a profiler can leave it out.
  [[gnu::noinline]] void refill() {
    const double begun = now_ns();
    const ipc::Position at = input_->position();
    for (std::uint64_t i = 0; i < kBurst; ++i) reinterpret_cast<Number*>(input_->begin())[i].value = at.messages + i;
    input_->publish({at.bytes + kBurst * sizeof(Number), at.messages + kBurst});
    if (output_ && output_->refresh()) {
      const ipc::Position head = output_->position();
      output_->publish({head.bytes + output_->available_bytes(), head.messages + output_->available_messages()});
    }
    spent_ns_ += now_ns() - begun;
  }
  /// What refill() took since the last call.
  double take_spent_ns() { return std::exchange(spent_ns_, 0); }

  test::IpcBench& bench() { return bench_; }

 private:
  test::IpcBench bench_;
  std::optional<ipc::OutputEnd> input_;
  std::optional<ipc::InputEnd> output_;
  double spent_ns_ = 0;
};

FarEnds* far_ends = nullptr;  // of the actor that runs

/// Counts its steps, has the far ends refilled, and comes to its end.
class Stepping : public Actor {
 protected:
  void count() {
    if (++steps_ % kBurst == 0) far_ends->refill();
    if (steps_ == kSteps) end();
  }

 private:
  std::uint64_t steps_ = 0;
};

class OnePort final : public Stepping {
 public:
  void step() override {
    sum_ += in_.take().front().value;
    count();
  }

 private:
  Input<Number> in_{*this, "in"};
  std::uint64_t sum_ = 0;
};

class TwoPorts final : public Stepping {
 public:
  void step() override {
    out_.put(in_.take().front());
    count();
  }

 private:
  Input<Number> in_{*this, "in"};
  Output<Number> out_{*this, "out"};
};

class WithState final : public Stepping {
 public:
  void step() override {
    const Number number = in_.take().front();
    state_->back() += number.value;
    out_.put(number);
    count();
  }

 private:
  Input<Number> in_{*this, "in"};
  Output<Number> out_{*this, "out"};
  State<std::array<std::uint64_t, 8>> state_{*this};
};

/// The worker's side: what steadyd would have planned for `x`.
class Worker {
 public:
  Worker(FarEnds& far, const steady_actor_type& type, bool sampling) : type_(type), sampling_(sampling) {
    test::IpcBench& bench = far.bench();
    test::must(bench.segments.ensure_bell("x"));
    test::must(bench.segments.ensure_actor("x", {.state_bytes = type.state_size, .state_version = type.state_version,
                                                 .metric_count = type.metric_count}));
    plan_.name = "x";
    plan_.wait = "adaptive";
    plan_.segment_fd = own(bench.segments.actor_path("x"), O_RDWR);
    plan_.bell_fd = own(bench.segments.bell_path("x"), O_RDWR);
    connect_input(bench.segments);
    if (type.port_count == 2) connect_output(bench.segments);
  }

  /// All steps of the actor, which then has come to its end. Returns what one of them took, in nanoseconds.
  double run(FarEnds& far) {
    worker::Events events(-1);
    const auto actor = test::must(worker::Actor::prepare(plan_, type_, ipc::FenceMode::Membarrier, sampling_, events));
    test::must(actor->begin());
    worker::ActorThread thread({{actor.get(), 0}}, ipc::FenceMode::Membarrier);
    double begun = 0;
    thread.run([&] {
      far.take_spent_ns();
      begun = now_ns();
    });
    const double took = now_ns() - begun - far.take_spent_ns();
    return took / static_cast<double>(kSteps);
  }

 private:
  void connect_input(const ipc::Segments& segments) {
    ipc::InputPlan input;
    input.port = input.channel = "in";
    input.ring_fd = own(segments.ring_path("in"), O_RDONLY);
    input.reader_fd = own(segments.reader_path("in", "x"), O_RDWR);
    input.bell_fd = own(segments.bell_path("in"), O_RDWR);
    input.max = 1;
    plan_.inputs.push_back(std::move(input));
  }
  void connect_output(const ipc::Segments& segments) {
    ipc::OutputPlan output;
    output.port = output.channel = "out";
    output.ring_fd = own(segments.ring_path("out"), O_RDWR);
    output.readers.push_back(
        {"far", own(segments.reader_path("out", "far"), O_RDONLY), own(segments.bell_path("far"), O_RDWR)});
    plan_.outputs.push_back(std::move(output));
  }
  int own(const std::string& path, int flags) {
    owned_.push_back(test::IpcBench::open(path, flags));
    return owned_.back().get();
  }

  const steady_actor_type& type_;
  const bool sampling_;
  std::vector<UniqueFd> owned_;
  ipc::ActorPlan plan_;
};

template <class A>
void measure(int passes, bool sampling) {
  const steady_actor_type& type = Bridge<A>::type();
  for (; passes > 0; --passes) {
    FarEnds far(type.port_count == 2);
    far_ends = &far;
    std::printf("%.2f\n", Worker(far, type, sampling).run(far));
  }
}

[[gnu::noinline]] void do_nothing() { asm volatile(""); }

void measure_call(int passes) {
  void (*volatile function)() = do_nothing;
  for (; passes > 0; --passes) {
    const double begun = now_ns();
    for (std::uint64_t i = 0; i < kSteps; ++i) function();
    std::printf("%.2f\n", (now_ns() - begun) / static_cast<double>(kSteps));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 2 ? argv[1] : "";
  const int passes = argc > 2 ? std::atoi(argv[2]) : 0;
  const bool sampling = argc == 3;
  if (passes > 0 && kind == "call") return measure_call(passes), 0;
  if (passes > 0 && kind == "one") return measure<OnePort>(passes, sampling), 0;
  if (passes > 0 && kind == "two") return measure<TwoPorts>(passes, sampling), 0;
  if (passes > 0 && kind == "state") return measure<WithState>(passes, sampling), 0;
  std::fprintf(stderr, "usage: step_cost call|one|two|state PASSES [unsampled]\n");
  return 2;
}
