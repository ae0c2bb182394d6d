// Runs an actor without a daemon: feed its inputs, step, look at what it did, move time by hand, and kill it between
// any two steps or in the middle of one. Works with every test framework, or none.
//
//   steady::testing::Harness<FizzBuzz> harness;
//   harness.feed("numbers", Number{15});
//   harness.step_and_crash();                                   // nothing of it counts
//   harness.run();
//   CHECK(harness.take<Verdict>("verdicts").at(0).kind == 3);
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "steady/abi.h"
#include "steady/actor.hpp"
#include "steady/testing/channel.hpp"
#include "steady/testing/recording.hpp"

namespace steady::testing {

/// The actor returned an error from create, start, step or finish; what() is its text. Nothing of that call counts; the
/// next call of the harness begins a new generation.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct LogLine {
  steady_log_level level;
  std::string text;
};

using Parameters = std::map<std::string, std::string, std::less<>>;

/// Runs any actor type through the C contract. Prefer Harness<A>, which knows the type.
///
/// The actor starts with the first call that needs it, so connect, set_capacity and restore_state come before. A
/// channel holds 64 Ki messages or 1 MiB of frames unless set_capacity says otherwise; outputs must be taken to make
/// room again. Ports are named as in the configuration; a wrong name or message type throws std::invalid_argument.
class AnyHarness {
 public:
  explicit AnyHarness(const steady_actor_type& type, const Parameters& parameters = {}) : type_(type) {
    set_parameters(parameters);
    for (std::uint32_t i = 0; i < type.port_count; ++i) {
      ports_.emplace_back();
      make_lanes(i, 1);
    }
    host_ = {sizeof host_, STEADY_ABI_VERSION, this, log_from_actor, note_from_actor, fail_from_actor, now_for_actor};
    block_size_ = ((type.state_size + 7) & ~std::uint64_t{7}) + 8 * std::uint64_t{type.metric_count};
    current_.grow(block_size_ + 1);
    next_.grow(block_size_ + 1);
  }
  AnyHarness(const AnyHarness&) = delete;
  AnyHarness& operator=(const AnyHarness&) = delete;
  ~AnyHarness() { destroy(); }

  // ---- before the start --------------------------------------------------------------------------------------------

  /// Gives an input for many channels this many lanes, or leaves an optional port unconnected (0 lanes).
  void connect(std::string_view port, std::uint32_t lanes) { make_lanes(index_of(port), lanes); }

  /// How many messages, or bytes of frames, the channels of a port hold.
  void set_capacity(std::string_view port, std::uint64_t count) {
    for (Channel& lane : ports_[index_of(port)].lanes) lane.set_capacity(count * unit(lane));
  }

  /// Starts from the state that another version of the actor left behind; migrate is called when it differs.
  void restore_state(std::string_view bytes, std::uint32_t version) {
    restored_ = {std::string(bytes), version};
    fresh_ = false;
  }

  // ---- inputs ------------------------------------------------------------------------------------------------------

  /// Appends one message. It decides what flows on a lane of an input that takes anything.
  template <class T>
  requires(!std::is_convertible_v<const T&, std::string_view> && !std::is_same_v<T, Recording>) void feed(std::string_view port, const T& message,
                                                                         std::uint32_t lane = 0) {
    const steady_message& layout = detail::describe_message<T>();
    Channel& channel = input(port, lane);
    if (takes_anything(port) && channel.message() == nullptr && channel.messages() == 0)
      channel = Channel(&layout, kMessages * layout.size);
    check_layout(port, channel, &layout);
    channel.append({reinterpret_cast<const char*>(&message), sizeof message});
    stalled_ = false;
  }
  /// Appends one frame.
  void feed(std::string_view port, std::string_view frame, std::uint32_t lane = 0) {
    Channel& channel = input(port, lane);
    check_layout(port, channel, nullptr);
    channel.append(frame);
    stalled_ = false;
  }
  /// Appends all messages of a recording. An input that takes anything must have been fed one of the kind before, or
  /// the recording be one of frames. Throws std::invalid_argument when it holds other messages than the port carries.
  void feed(std::string_view port, const Recording& recording, std::uint32_t lane = 0) {
    Channel& channel = input(port, lane);
    const steady_message* const there = channel.message();
    const bool same = there == nullptr ? recording.frames()
                                       : !recording.frames() && there->size == recording.message_size() &&
                                             recording.message_name() == there->name;
    if (!same)
      throw std::invalid_argument("port '" + std::string(port) + "' carries " + (there ? there->name : "frames") +
                                  ", the recording holds " +
                                  (recording.frames() ? "frames" : recording.message_name()));
    for (const std::string& message : recording.messages()) channel.append(message);
    stalled_ = false;
  }
  template <class Range>
  void feed_all(std::string_view port, const Range& items, std::uint32_t lane = 0) {
    for (const auto& item : items) feed(port, item, lane);
  }
  /// Nothing more will be fed.
  void close(std::string_view port, std::uint32_t lane = 0) {
    input(port, lane).close();
    stalled_ = false;
  }
  /// A step sees at most so many messages of this input.
  void limit_batch(std::string_view port, std::uint64_t messages) {
    ports_[index_of(port)].batch_limit = messages;
    stalled_ = false;
  }
  /// How many messages wait that the actor has not taken.
  [[nodiscard]] std::uint64_t waiting(std::string_view port, std::uint32_t lane = 0) {
    return input(port, lane).messages();
  }
  /// Asks a source to come to its end, as a stop of the service does.
  void stop() { stopping_ = true; }

  // ---- running -----------------------------------------------------------------------------------------------------

  /// Starts the actor now, if it does not run. Throws Failed.
  void start() {
    if (self_ != nullptr) return;
    create();
    if (!call([&] { return migrate_if_needed() && type_.start(self_) == 0; })) fail();
    commit();
  }
  /// One step, or finish, if its conditions hold. Returns whether it ran. As in the daemon, a step that did nothing is
  /// not repeated before there is news: something fed, closed or taken, or a timer. Throws Failed.
  bool step() {
    start();
    const auto due = what_is_due();
    if (due == Due::Nothing) return false;
    const int result = run_due(due);
    if (result < 0 || (due == Due::Step && result != 0)) fail();
    const bool ran = counts_as_run(due, result);
    stalled_ = !used_anything() && io_.touched == 0;
    commit();
    pass_the_turn();
    if (due == Due::Finish && result == 0) end();
    return ran;
  }
  /// Steps until nothing is due. Returns how often. Throws Failed; std::logic_error when it never comes to rest.
  std::size_t run(std::size_t most = 10'000'000) {
    std::size_t steps = 0;
    while (step())
      if (++steps > most) throw std::logic_error("the actor does not come to rest");
    return steps;
  }
  /// One step, if one is due, killed just before its commit: nothing of it counts, and a new generation runs next.
  /// Returns whether it ran. The object is destroyed, which a real kill would not do: close what is open there, and do
  /// nothing else.
  bool step_and_crash() {
    start();
    const auto due = what_is_due();
    if (due == Due::Nothing) return false;
    const bool ran = counts_as_run(due, run_due(due));
    crash();
    return ran;
  }
  /// Kills every step once, and then lets it happen, until nothing is due.
  std::size_t run_crashing() {
    std::size_t steps = 0;
    while (step_and_crash()) {
      step();
      ++steps;
    }
    return steps;
  }
  /// The start itself is killed just before its commit.
  void start_and_crash() {
    create();
    static_cast<void>(call([&] { return migrate_if_needed() && type_.start(self_) == 0; }));
    crash();
  }
  /// Kills the actor between two steps and starts the next generation. Throws Failed.
  void restart() {
    crash();
    start();
  }
  /// Moves the clock; what is due then runs with the next step.
  void advance(std::chrono::nanoseconds duration) { now_ += static_cast<std::uint64_t>(duration.count()); }

  // ---- what it did -------------------------------------------------------------------------------------------------

  /// Removes everything from an output: messages as T, frames as std::string.
  template <class T>
  std::vector<T> take(std::string_view port) {
    Channel& channel = output(port);
    std::vector<T> taken;
    if constexpr (std::is_same_v<T, std::string>) {
      check_layout(port, channel, nullptr);
      while (channel.messages() > 0) taken.emplace_back(channel.pop());
    } else {
      check_layout(port, channel, &detail::describe_message<T>());
      taken.resize(static_cast<std::size_t>(channel.messages()));
      for (T& message : taken) std::memcpy(&message, channel.pop().data(), sizeof(T));
    }
    if (!taken.empty()) stalled_ = false;
    return taken;
  }
  /// The committed state.
  template <class T>
  [[nodiscard]] T state() const {
    if (sizeof(T) > type_.state_size) throw std::invalid_argument("the actor's state is smaller than that type");
    T value;
    std::memcpy(&value, current_.data(), sizeof value);
    return value;
  }
  [[nodiscard]] std::uint64_t counter(std::string_view name) const { return metric<std::uint64_t>(name); }
  [[nodiscard]] double gauge(std::string_view name) const { return metric<double>(name); }
  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] const std::vector<LogLine>& log() const { return log_; }
  /// The outputs are closed: it finished, or was a source that came to its end.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  static constexpr std::uint64_t kMessages = 64 * 1024;
  static constexpr std::uint64_t kFrameBytes = 1024 * 1024;

  struct Port {
    std::vector<Channel> lanes;
    std::vector<steady_view> views;
    std::uint64_t batch_limit = ~std::uint64_t{0};
    bool connected = true;
  };
  enum class Due { Nothing, Step, Finish };

  // ---- ports ----

  [[nodiscard]] std::uint32_t index_of(std::string_view name) const {
    for (std::uint32_t i = 0; i < type_.port_count; ++i)
      if (name == type_.ports[i].name) return i;
    throw std::invalid_argument("the actor has no port '" + std::string(name) + "'");
  }
  [[nodiscard]] bool is_input(std::size_t index) const { return type_.ports[index].direction == STEADY_INPUT; }
  [[nodiscard]] bool takes_anything(std::string_view port) const {
    return type_.ports[index_of(port)].kind == STEADY_ANY;
  }
  static std::uint64_t unit(const Channel& channel) {
    return channel.message() != nullptr ? channel.message()->size : 1;
  }
  /// An unconnected output has a lane all the same; what is put there goes nowhere.
  void make_lanes(std::uint32_t index, std::uint32_t lanes) {
    const steady_port& port = type_.ports[index];
    const bool messages = port.kind == STEADY_MESSAGES;
    const Channel channel(messages ? &port.message : nullptr, messages ? kMessages * port.message.size : kFrameBytes);
    ports_[index].connected = lanes > 0;
    ports_[index].lanes.assign(is_input(index) ? lanes : 1, channel);
  }
  Channel& lane_of(std::string_view port, std::uint32_t direction, std::uint32_t lane) {
    const std::uint32_t index = index_of(port);
    if (type_.ports[index].direction != direction || lane >= ports_[index].lanes.size())
      throw std::invalid_argument("port '" + std::string(port) + "' has no such lane, or the other direction");
    return ports_[index].lanes[lane];
  }
  Channel& input(std::string_view port, std::uint32_t lane) { return lane_of(port, STEADY_INPUT, lane); }
  Channel& output(std::string_view port) { return lane_of(port, STEADY_OUTPUT, 0); }
  static void check_layout(std::string_view port, const Channel& channel, const steady_message* wanted) {
    const steady_message* const there = channel.message();
    const bool same = there == nullptr || wanted == nullptr
                          ? there == wanted
                          : there->size == wanted->size && std::string_view(there->name) == wanted->name;
    if (!same)
      throw std::invalid_argument("port '" + std::string(port) + "' carries " + (there ? there->name : "frames") +
                                  ", not " + (wanted ? wanted->name : "frames"));
  }

  // ---- parameters ----

  void set_parameters(const Parameters& given) {
    for (std::uint32_t i = 0; i < type_.parameter_count; ++i) {
      const steady_parameter& parameter = type_.parameters[i];
      const auto found = given.find(parameter.name);
      if (found == given.end() && parameter.required != 0)
        throw std::invalid_argument("parameter '" + std::string(parameter.name) + "' is required");
      parameters_.push_back(found == given.end() ? parameter.default_text : found->second);
    }
    for (const auto& [name, text] : given) {
      const auto* const end = type_.parameters + type_.parameter_count;
      if (std::none_of(type_.parameters, end, [&](const steady_parameter& one) { return name == one.name; }))
        throw std::invalid_argument("the actor has no parameter '" + name + "'");
    }
  }

  // ---- one generation ----

  void create() {
    destroy();
    io_ = {};
    io_.size = sizeof io_;
    io_.port_count = type_.port_count;
    io_.generation = generation_;
    io_.state_current = current_.data();
    io_.state_next = next_.data();
    io_.block_size = block_size_;
    io_.state_fresh = fresh_ ? 1 : 0;
    io_.stopping = stopping_ ? 1 : 0;
    port_ios_.assign(ports_.size(), {});
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      Port& port = ports_[i];
      port.views.assign(port.lanes.size(), {});
      for (std::size_t lane = 0; lane < port.lanes.size(); ++lane) show_nothing(port, lane);
      port_ios_[i] = {port.views.data(), static_cast<std::uint32_t>(port.views.size()), 0};
    }
    io_.ports = port_ios_.data();
    parameter_texts_.clear();
    for (const std::string& text : parameters_) parameter_texts_.push_back(text.c_str());
    io_.parameters = parameter_texts_.data();
    timers_.clear();
    failure_.clear();
    stalled_ = false;
    self_ = type_.create(&type_, &host_, &io_);
    if (self_ == nullptr) fail();
    adopt_conditions();
  }
  static void show_nothing(Port& port, std::size_t lane) {
    port.lanes[lane].show_input(port.views[lane], 0);
    port.views[lane].closed = 0;
  }
  bool migrate_if_needed() {
    if (!restored_) return true;
    const auto& [bytes, version] = *restored_;
    if (version == type_.state_version && bytes.size() == type_.state_size) {
      std::memcpy(current_.data(), bytes.data(), bytes.size());
      return true;
    }
    if (type_.migrate(self_, bytes.data(), bytes.size(), version) == 0) return true;
    if (failure_.empty()) failure_ = "the actor refused the state of version " + std::to_string(version);
    return false;
  }
  void destroy() {
    if (self_ != nullptr) type_.destroy(self_);
    self_ = nullptr;
  }
  void crash() {
    if (self_ != nullptr) ++generation_;
    destroy();
  }
  [[noreturn]] void fail() {
    const std::string text = failure_.empty() ? "the actor failed without a word" : failure_;
    if (self_ != nullptr) destroy();
    ++generation_;
    throw Failed(text);
  }
  template <class Call>
  bool call(const Call& what) {
    failure_.clear();
    return what();
  }
  void end() {
    ended_ = true;
    for (std::size_t i = 0; i < ports_.size(); ++i)
      if (!is_input(i)) ports_[i].lanes.front().close();
  }

  // ---- one step ----

  void show_ports() {
    for (std::size_t i = 0; i < ports_.size(); ++i)
      for (std::size_t lane = 0; lane < ports_[i].lanes.size(); ++lane) {
        if (is_input(i))
          ports_[i].lanes[lane].show_input(ports_[i].views[lane], ports_[i].batch_limit);
        else
          ports_[i].lanes[lane].show_output(ports_[i].views[lane]);
      }
  }
  int run_due(Due due) {
    show_ports();
    io_.stopping = stopping_ ? 1 : 0;
    failure_.clear();
    return due == Due::Step ? type_.step(self_) : type_.finish(self_);
  }
  /// A finish that only found out that there is still no room did not run.
  [[nodiscard]] bool counts_as_run(Due due, int result) const {
    return due == Due::Step || result == 0 || used_anything();
  }
  [[nodiscard]] bool used_anything() const {
    for (const Port& port : ports_)
      for (const steady_view& view : port.views)
        if (view.used_messages > 0) return true;
    return false;
  }
  void commit() {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      Port& port = ports_[i];
      for (std::size_t lane = 0; lane < port.lanes.size(); ++lane) {
        if (is_input(i))
          port.lanes[lane].commit_input(port.views[lane]);
        else
          port.lanes[lane].commit_output(port.views[lane]);
        if (!port.connected) port.lanes[lane].clear();
        show_nothing(port, lane);
      }
    }
    if (io_.touched != 0) std::memcpy(current_.data(), next_.data(), static_cast<std::size_t>(block_size_));
    io_.touched = 0;
    io_.state_fresh = 0;
    fresh_ = false;
    restored_.reset();
    restart_fired_timers();  // before the conditions change: a timer that is asked for again begins anew
    if (io_.conditions_changed != 0) adopt_conditions();
    if (io_.finished != 0) end();
  }
  void pass_the_turn() {
    for (steady_port_io& port : port_ios_)
      if (port.lane_count > 0) port.turn = (port.turn + 1) % port.lane_count;
  }

  // ---- when to run ----

  struct Timer {
    std::uint64_t interval = 0;  // 0: the condition is no timer
    std::uint64_t began = 0;
    bool fired = false;
  };

  /// A timer that was there before with the same interval goes on; a new one begins now.
  void adopt_conditions() {
    std::vector<Timer> timers;
    for (std::uint32_t i = 0; i < io_.condition_count; ++i) {
      const steady_condition& condition = io_.conditions[i];
      const std::uint64_t interval = condition.kind == STEADY_WHEN_TIMER ? condition.amount : 0;
      const auto before =
          std::find_if(timers_.begin(), timers_.end(), [&](const Timer& timer) { return timer.interval == interval; });
      timers.push_back({interval, before == timers_.end() ? now_ : before->began, false});
    }
    timers_ = std::move(timers);
    io_.conditions_changed = 0;
  }
  void restart_fired_timers() {
    for (Timer& timer : timers_) {
      if (timer.fired) timer.began = now_;
      timer.fired = false;
    }
    for (std::uint32_t i = 0; i < io_.condition_count; ++i) io_.conditions[i].fired = 0;
  }
  [[nodiscard]] Due what_is_due() {
    if (ended_) return Due::Nothing;
    if (finish_is_due()) return Due::Finish;
    return step_is_due() ? Due::Step : Due::Nothing;
  }
  [[nodiscard]] bool finish_is_due() const {
    std::size_t lanes = 0;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if (!is_input(i)) continue;
      for (const Channel& lane : ports_[i].lanes)
        if (!lane.closed() || lane.messages() > 0) return false;
      lanes += ports_[i].lanes.size();
    }
    return lanes > 0 || stopping_;
  }
  [[nodiscard]] bool step_is_due() {
    if (io_.condition_count == 0) return !stalled_ && default_holds();
    bool any = false;
    for (std::uint32_t i = 0; i < io_.condition_count; ++i) {
      const bool due = clause_is_due(io_.conditions[i].clause);
      timers_[i].fired = due && io_.conditions[i].kind == STEADY_WHEN_TIMER;
      io_.conditions[i].fired = timers_[i].fired ? 1 : 0;
      any = any || due;
    }
    return any;
  }
  [[nodiscard]] bool default_holds() const {
    bool input = false;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if (is_input(i))
        input = input || has_input(ports_[i], 1);
      else if (!has_room(ports_[i], ports_[i].lanes.front().message() != nullptr ? 1 : detail::frame_bytes(1)))
        return false;
    }
    return input;
  }
  [[nodiscard]] bool clause_is_due(std::uint32_t clause) const {
    bool timer = false;
    for (std::uint32_t i = 0; i < io_.condition_count; ++i) {
      if (io_.conditions[i].clause != clause) continue;
      if (!holds(i)) return false;
      timer = timer || io_.conditions[i].kind == STEADY_WHEN_TIMER;
    }
    return timer || !stalled_;
  }
  [[nodiscard]] bool holds(std::uint32_t index) const {
    const steady_condition& condition = io_.conditions[index];
    if (condition.kind == STEADY_WHEN_INPUT) return has_input(ports_[condition.port], condition.amount);
    if (condition.kind == STEADY_WHEN_ROOM) return has_room(ports_[condition.port], condition.amount);
    return now_ - timers_[index].began >= condition.amount;
  }
  /// A lane that is closed is never going to have more: whatever it has is enough.
  static bool has_input(const Port& port, std::uint64_t amount) {
    return std::any_of(port.lanes.begin(), port.lanes.end(), [&](const Channel& lane) {
      return lane.messages() >= (lane.closed() ? std::min<std::uint64_t>(amount, 1) : amount);
    });
  }
  static bool has_room(const Port& port, std::uint64_t amount) {
    const Channel& lane = port.lanes.front();
    return !port.connected || lane.vacant_bytes() / unit(lane) >= amount;
  }

  // ---- what the actor calls ----

  static AnyHarness& from(void* context) { return *static_cast<AnyHarness*>(context); }
  static void log_from_actor(void* context, std::uint32_t level, const char* text, std::size_t length) {
    from(context).log_.push_back({static_cast<steady_log_level>(level), std::string(text, length)});
  }
  static void note_from_actor(void* context, const char* text, std::size_t length) {
    from(context).note_.assign(text, std::min<std::size_t>(length, 127));
  }
  static void fail_from_actor(void* context, const char* text, std::size_t length) {
    from(context).failure_.assign(text, length);
  }
  static std::uint64_t now_for_actor(void* context) { return from(context).now_; }

  template <class Word>
  [[nodiscard]] Word metric(std::string_view name) const {
    for (std::uint32_t i = 0; i < type_.metric_count; ++i) {
      if (name != type_.metrics[i].name) continue;
      if ((type_.metrics[i].is_counter != 0) != std::is_same_v<Word, std::uint64_t>) break;
      Word word;
      std::memcpy(&word, current_.data() + block_size_ - 8 * (type_.metric_count - i), sizeof word);
      return word;
    }
    throw std::invalid_argument("the actor has no such counter or gauge: '" + std::string(name) + "'");
  }

  const steady_actor_type& type_;
  std::vector<Port> ports_;
  std::vector<std::string> parameters_;
  AlignedBytes current_;
  AlignedBytes next_;
  std::uint64_t block_size_ = 0;
  bool fresh_ = true;
  std::optional<std::pair<std::string, std::uint32_t>> restored_;
  std::uint64_t generation_ = 0;
  std::uint64_t now_ = 1'000'000'000;
  bool stopping_ = false;
  bool ended_ = false;
  std::string note_;
  std::string failure_;
  std::vector<LogLine> log_;

  // Of one generation.
  void* self_ = nullptr;
  steady_host host_{};
  steady_io io_{};
  std::vector<steady_port_io> port_ios_;
  std::vector<const char*> parameter_texts_;
  std::vector<Timer> timers_;
  bool stalled_ = false;  // the latest step did nothing
};

/// Runs the actor class A:  Harness<Tail> harness{{"path", path}, {"follow", "false"}};
template <class A>
class Harness : public AnyHarness {
 public:
  Harness() : AnyHarness(Bridge<A>::type()) {}
  Harness(std::initializer_list<Parameters::value_type> parameters) : Harness(Parameters(parameters)) {}
  explicit Harness(const Parameters& parameters) : AnyHarness(Bridge<A>::type(), parameters) {}
};

}  // namespace steady::testing
