// Binds one actor to its segments: builds the steady_io that its code sees, and keeps both sides in step. Owned by the
// actor's thread after construction.
#pragma once

#include <steady/abi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ipc/bell.hpp"
#include "ipc/commit.hpp"
#include "ipc/marks.hpp"
#include "ipc/protocol.hpp"
#include "ipc/put_back.hpp"
#include "ipc/ring.hpp"
#include "worker/clock.hpp"

namespace steady::worker {

/// Never enough: a look is needed.
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// One channel into an input port.
struct InputLane {
  ipc::InputEnd end;
  steady_view* view = nullptr;
  const ipc::InputPlan* plan = nullptr;
  std::uint64_t port = 0;
  std::uint64_t min = 1;               ///< as the plan has it, unless it was tuned since; likewise the next three
  std::uint64_t max = 0;
  std::uint64_t max_wait_ns = 0;
  std::uint64_t window_bytes = 0;      ///< never 0
  std::uint64_t most = 0;              ///< messages that a step sees at most; 0: no bound
  std::uint64_t last_used = 0;         ///< messages the last step took: what the next may want again
  std::uint64_t need = kNever;         ///< messages without which a step must look first; see Actor::plan_quick_steps
  std::uint64_t suffices = kNever;       ///< the same, and as many as the last step took
  std::uint64_t target = ipc::kAwake;  ///< position that ends the present wait
  std::uint64_t careful_until = 0;     ///< number of the first message that the last generation cannot have seen
  std::uint64_t waiting_since_ns = 0;  ///< since when fewer than `min` wait; 0: not so
  unsigned pauses = 0;         ///< before the next look at the producer; see Actor::quick_steps
  bool closed = false;
  bool parked = false;  ///< its producer wrote the impossible: reads as empty until someone restarts it
  std::optional<ipc::MarkReader> marks{};

  /// How many messages make a step that asks for `amount`: never more than the producer may have in flight.
  [[nodiscard]] std::uint64_t enough(std::uint64_t amount) const {
    const std::uint64_t wanted = std::max(amount, min);
    const std::uint64_t message_bytes = end.message_bytes();
    return message_bytes == 0 ? wanted : std::min(wanted, window_bytes / message_bytes);
  }
};

/// One output port. Without a ring (an optional port that nobody reads) its messages go to scratch memory.
struct OutputLane {
  std::optional<ipc::OutputEnd> end;
  steady_view* view = nullptr;
  const ipc::OutputPlan* plan = nullptr;
  std::uint64_t port = 0;
  std::uint64_t window_bytes = 0;  ///< in flight at most, as the plan has it or was tuned since; never 0
  std::uint64_t asked_bytes = 0;   ///< room that the actor's conditions ask for: the window is not less than that
  std::uint64_t most = 0;     ///< messages that a step sees room for at most; 0: no bound
  std::uint64_t most_bytes = kNever;  ///< the same in bytes
  std::uint64_t vacant = 0;   ///< messages (bytes of frames) that there is room for, shown or not
  std::uint64_t last_used_bytes = 0;
  std::uint64_t need_bytes = kNever;   ///< room without which a step must look first; see Actor::plan_quick_steps
  std::uint64_t suffices_bytes = kNever; ///< the same, and as much as the last step used
  std::uint64_t target = ipc::kAwake;  ///< slowest reader's position that ends the present wait
  std::uint64_t needed_bytes = 0;      ///< room that would be enough, even if more is waited for
  bool blocked = false;                ///< the present wait is said to be for room here
  bool stretched = false;              ///< the window is larger than it should be, for one frame that is longer
  std::optional<ipc::MarkMaker> marks;
  std::unique_ptr<unsigned char[]> scratch;
};

class ActorIo {
 public:
  /// Maps everything that `plan` names and finishes an interrupted commit. `plan` and `type` must outlive this.
  /// Errors: as the segments'; Invalid when plan and type contradict each other; Corrupt.
  [[nodiscard]] static Result<std::unique_ptr<ActorIo>> create(const ipc::ActorPlan& plan, const steady_actor_type& type);

  /// The two halves of create(). prepare() maps, read-only, and writes nothing: another process may be at work with all of
  /// it. begin() makes it ours and finishes an interrupted commit; before that only enter_pages() may be called.
  [[nodiscard]] static Result<std::unique_ptr<ActorIo>> prepare(const ipc::ActorPlan& plan, const steady_actor_type& type);
  [[nodiscard]] Status begin();
  /// Has the kernel enter the pages that begin() and the first step will need.
  void enter_pages() const;

  [[nodiscard]] steady_io& io() { return io_; }
  [[nodiscard]] std::vector<InputLane>& inputs() { return inputs_; }
  [[nodiscard]] std::vector<OutputLane>& outputs() { return outputs_; }
  [[nodiscard]] ipc::ActorWords& words() { return *words_; }
  [[nodiscard]] const ipc::Bell& bell() const { return *bell_; }
  [[nodiscard]] bool repaired() const { return repaired_; }

  /// The state of an older version, when there is one to migrate from.
  struct OldState {
    const unsigned char* bytes;
    std::uint64_t size;
    std::uint32_t version;
  };
  [[nodiscard]] std::optional<OldState> old_state() const;

  /// Looks at an input's producer if fewer messages than the step may want are known; false when the lane had to be
  /// parked just now. Then its view shows what the step may take.
  [[nodiscard]] bool show(InputLane& lane);
  /// The same for an output and its readers.
  [[nodiscard]] bool show(OutputLane& lane);

  /// Fills the view of a lane on which so many messages are known to wait.
  static void fill(InputLane& lane, std::uint64_t messages) {
    steady_view& view = *lane.view;
    view.begin = lane.end.begin();
    view.messages = lane.most != 0 ? std::min(messages, lane.most) : messages;
    view.bytes = lane.end.message_bytes() != 0 ? view.messages * lane.end.message_bytes() : lane.end.available_bytes();
    view.sequence = lane.end.position().messages;
    forget_used(view);
  }
  /// The same for an output with so much room, in bytes.
  static void fill(OutputLane& lane, std::uint64_t bytes) {
    steady_view& view = *lane.view;
    view.begin = lane.end->begin();
    if (const std::uint64_t size = lane.end->message_bytes(); size != 0) {
      const bool bounded = bytes >= lane.most_bytes;
      view.messages = bounded ? lane.most : bytes / size;
      bytes = bounded ? lane.most_bytes : view.messages * size;
    }
    view.bytes = bytes;
    view.sequence = lane.end->position().messages;
    forget_used(view);
  }
  /// Both words in one store.
  static void forget_used(steady_view& view) {
    static_assert(offsetof(steady_view, used_messages) == offsetof(steady_view, used_bytes) + sizeof view.used_bytes);
    std::memset(&view.used_bytes, 0, sizeof view.used_bytes + sizeof view.used_messages);
  }

  /// Commits what the views say was used. Returns why the actor broke the contract, or nothing. `stepped_ns`: when the
  /// step returned, if it is a measured one, and its messages are to be marked; otherwise 0.
  template <class Hook>
  [[nodiscard]] const char* commit(bool finished, ipc::FenceMode fence, std::uint64_t stepped_ns, const Hook& hook) {
    if (!collect()) [[unlikely]]
      return why_broken();
    if (stepped_ns != 0) make_marks(stepped_ns);
    ipc::Changes changes;
    changes.inputs = {moved_inputs_.data(), taken_};
    changes.outputs = {moved_outputs_.data(), put_};
    changes.state_current = io_.touched != 0 ? other_buffer() : 0;
    changes.finished = finished;
    progressed_ = (taken_ + put_ + changes.state_current) != 0;
    if (progressed_ || finished)
      ipc::commit(*words_, changes, output_ends_, fence, [&](ipc::CommitPoint point) {
        hook(point);
        if (point == ipc::CommitPoint::Disarmed) pass_marks();  // before the bells: to ring one may take a while
      });
    if (changes.state_current != 0) flip_state();
    for (steady_port_io* const port : many_) port->turn = port->turn + 1 < port->lane_count ? port->turn + 1 : 0;
    return nullptr;
  }
  /// commit() for the usual step of an actor with so many lanes, shown by fill(): every lane moved, the state may have
  /// changed, nothing else. False, and nothing has happened: it is another one.
  template <std::size_t Inputs, std::size_t Outputs>
  [[nodiscard, gnu::always_inline]] inline bool commit_usual(ipc::FenceMode fence) {
    std::array<ipc::Moved<ipc::InputEnd>, Inputs> inputs;
    std::array<ipc::Moved<ipc::OutputEnd>, Outputs> outputs;
    for (std::size_t i = 0; i < Inputs; ++i) {
      InputLane& lane = inputs_[i];
      const steady_view& view = *lane.view;
      const std::uint64_t messages = view.used_messages;
      const std::uint64_t bytes = view.used_bytes;
      if (messages - 1 >= view.messages || bytes > view.bytes || view.violated != 0) return false;
      note_used(lane, messages);
      const ipc::Position at = lane.end.position();
      inputs[i] = {&lane.end, {at.bytes + bytes, at.messages + messages}};
    }
    for (std::size_t i = 0; i < Outputs; ++i) {
      OutputLane& lane = outputs_[i];
      const steady_view& view = *lane.view;
      const std::uint64_t messages = view.used_messages;
      const std::uint64_t bytes = view.used_bytes;
      if (messages == 0 || bytes > view.bytes || view.refused != 0 || lane.stretched) return false;
      note_used(lane, bytes);
      const ipc::Position at = lane.end->position();
      outputs[i] = {&*lane.end, {at.bytes + bytes, at.messages + messages}};
    }
    ipc::Changes changes;
    changes.inputs = inputs;
    changes.outputs = outputs;
    changes.state_current = io_.touched != 0 ? other_buffer() : 0;
    ipc::commit(*words_, changes, {}, fence, [&](ipc::CommitPoint point) {
      if (point == ipc::CommitPoint::Disarmed)
        for (std::size_t i = 0; i < Inputs; ++i) pass_marks(inputs_[i]);
    });
    if (changes.state_current != 0) flip_state();
    return true;
  }
  /// Steps over the next message of `lane`; false when there is none, or none that is whole.
  [[nodiscard]] bool skip(InputLane& lane, ipc::FenceMode fence);
  /// Puts a dead letter at the end of `lane`'s channel and remembers its ticket, in one commit. False: no room now.
  [[nodiscard]] bool put_back(OutputLane& lane, std::string_view payload, std::uint64_t ticket, ipc::FenceMode fence);
  /// Bytes of the next message of `lane`, with its head and padding when it is a frame; 0 when there is none whole.
  [[nodiscard]] static std::uint64_t next_bytes(const InputLane& lane);
  /// The last commit moved or changed anything.
  [[nodiscard]] bool progressed() const { return progressed_; }
  /// The last commit took messages.
  [[nodiscard]] bool took() const { return taken_ != 0; }
  /// The last step has marked a lane as violated.
  [[nodiscard]] bool violated() const { return violated_; }
  /// Messages that the last step took, or put if it took none. Until the next show().
  [[nodiscard]] std::uint64_t batch() const;

  /// The thresholds of one end from the next show() on.
  void tune(const ipc::Tuning& tuning);
  /// Gives an output, which has a ring, the window that it is to have.
  static void set_window(OutputLane& lane);
  /// After a step that did nothing: doubles the window of each output whose frame is longer than that, where nothing is
  /// in flight. The next frame puts it back. False: there was no such output.
  [[nodiscard]] bool stretch_windows();

  /// Rings every peer that sleeps for what is already there: the previous generation may have died before it could.
  void wake_all_peers();

  void write_note(const char* text, std::size_t length);

 private:
  ActorIo(const ipc::ActorPlan& plan, const steady_actor_type& type) : plan_(plan), type_(type) {}

  [[nodiscard]] Status map_segment();
  [[nodiscard]] Status map_ends();
  [[nodiscard]] Status map_input(std::size_t port_index, const ipc::InputPlan& input);
  [[nodiscard]] Status map_output(std::size_t port_index);
  [[nodiscard]] Status begin_ends();
  [[nodiscard]] Status repair();
  [[nodiscard]] Status bind_parameters();
  void bind_ports();
  void bind_state();
  const steady_message* layout_of(const ipc::MessageLayout& layout);
  /// What the views say was used, as changes of positions; false when it is more than they showed.
  [[nodiscard]] bool collect() {
    taken_ = 0;
    put_ = 0;
    std::uint32_t violated = 0;
    for (InputLane& lane : inputs_) {
      const steady_view& view = *lane.view;
      const std::uint64_t messages = view.used_messages;
      if (messages > view.messages || view.used_bytes > view.bytes) return false;
      violated |= view.violated;
      note_used(lane, messages);
      if (messages == 0) continue;
      const ipc::Position at = lane.end.position();
      moved_inputs_[taken_++] = {&lane.end, {at.bytes + view.used_bytes, at.messages + messages}};
    }
    for (OutputLane& lane : outputs_) {
      const steady_view& view = *lane.view;
      const std::uint64_t bytes = view.used_bytes;
      if (bytes > view.bytes) return false;
      note_used(lane, bytes);
      if (view.used_messages == 0 || !lane.end) continue;
      if (lane.stretched) set_window(lane);
      const ipc::Position at = lane.end->position();
      moved_outputs_[put_++] = {&*lane.end, {at.bytes + bytes, at.messages + view.used_messages}};
    }
    violated_ = violated != 0;
    return true;
  }
  static void note_used(InputLane& lane, std::uint64_t messages) {
    if (lane.last_used == messages) return;
    lane.last_used = messages;
    lane.suffices = std::max(lane.need, messages);
  }
  static void note_used(OutputLane& lane, std::uint64_t bytes) {
    if (lane.last_used_bytes == bytes) return;
    lane.last_used_bytes = bytes;
    lane.suffices_bytes = std::max(lane.need_bytes, bytes);
  }
  /// Why collect() refused.
  [[nodiscard]] const char* why_broken() const;
  void make_marks(std::uint64_t stepped_ns);
  /// Of all marked messages that the commit which is under way has taken.
  void pass_marks() {
    if (taken_ == 0) return;
    for (InputLane& lane : inputs_)
      if (lane.last_used != 0) pass_marks(lane);
  }
  static void pass_marks(InputLane& lane) {
    const std::uint64_t head = lane.end.position().messages;
    lane.marks->pass(head, head + lane.end.available_messages(), now_ns);
  }
  [[nodiscard]] std::uint64_t other_buffer() const { return words_->state_current.load(std::memory_order_relaxed) == 2 ? 1 : 2; }
  /// The buffer that the step wrote counts now; the next one writes the other.
  void flip_state() {
    io_.state_fresh = 0;
    io_.touched = 0;
    const unsigned char* const current = io_.state_next;
    io_.state_next = const_cast<unsigned char*>(io_.state_current);  // both buffers are ours; only the roles change
    io_.state_current = current;
  }

  const ipc::ActorPlan& plan_;
  const steady_actor_type& type_;
  ipc::Mapping segment_;
  ipc::Mapping old_segment_;
  const ipc::ActorPage* page_ = nullptr;
  ipc::ActorWords* words_ = nullptr;
  std::optional<ipc::Bell> bell_;
  steady_io io_{};
  std::vector<InputLane> inputs_;
  std::vector<OutputLane> outputs_;
  std::vector<ipc::OutputEnd*> output_ends_;
  std::vector<steady_view> views_;
  std::vector<steady_port_io> ports_;
  std::vector<std::string> parameter_texts_;
  std::vector<const char*> parameters_;
  std::deque<steady_message> messages_;
  std::deque<std::vector<steady_field>> fields_;
  std::vector<steady_port_io*> many_;  ///< the ports with several lanes
  std::vector<ipc::Moved<ipc::InputEnd>> moved_inputs_;    ///< by the step; the first taken_ of them count
  std::vector<ipc::Moved<ipc::OutputEnd>> moved_outputs_;  ///< likewise, put_
  std::size_t taken_ = 0;
  std::size_t put_ = 0;
  bool violated_ = false;
  bool progressed_ = false;
  bool repaired_ = false;
};

}  // namespace steady::worker
