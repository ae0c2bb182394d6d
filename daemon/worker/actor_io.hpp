// Binds one actor to its segments: builds the steady_io that its code sees, and keeps both sides in step. Owned by the
// actor's thread after construction.
#pragma once

#include <steady/abi.h>

#include <cstdint>
#include <deque>
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

/// One channel into an input port.
struct InputLane {
  ipc::InputEnd end;
  steady_view* view = nullptr;
  const ipc::InputPlan* plan = nullptr;
  std::uint64_t port = 0;
  std::uint64_t most = 0;              ///< messages that a step sees at most; 0: no bound
  std::uint64_t last_used = 0;         ///< messages the last step took: what the next may want again
  std::uint64_t target = ipc::kAwake;  ///< position that ends the present wait
  std::uint64_t careful_until = 0;     ///< number of the first message that the last generation cannot have seen
  std::uint64_t waiting_since_ns = 0;  ///< since when fewer than `min` wait; 0: not so
  bool closed = false;
  bool parked = false;  ///< its producer wrote the impossible: reads as empty until someone restarts it
  std::optional<ipc::MarkReader> marks{};
};

/// One output port. Without a ring (an optional port that nobody reads) its messages go to scratch memory.
struct OutputLane {
  std::optional<ipc::OutputEnd> end;
  steady_view* view = nullptr;
  const ipc::OutputPlan* plan = nullptr;
  std::uint64_t port = 0;
  std::uint64_t most = 0;     ///< messages that a step sees room for at most; 0: no bound
  std::uint64_t vacant = 0;   ///< messages (bytes of frames) that there is room for, shown or not
  std::uint64_t last_used_bytes = 0;
  std::uint64_t target = ipc::kAwake;  ///< slowest reader's position that ends the present wait
  std::uint64_t needed_bytes = 0;      ///< room that would be enough, even if more is waited for
  bool blocked = false;                ///< the present wait is said to be for room here
  std::optional<ipc::MarkMaker> marks;
  std::vector<unsigned char> scratch;
};

class ActorIo {
 public:
  /// Maps everything that `plan` names and finishes an interrupted commit. `plan` and `type` must outlive this.
  /// Errors: as the segments'; Invalid when plan and type contradict each other; Corrupt.
  [[nodiscard]] static Result<std::unique_ptr<ActorIo>> create(const ipc::ActorPlan& plan, const steady_actor_type& type);

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

  /// Commits what the views say was used. Returns why the actor broke the contract, or nothing. `stepped_ns`: when the
  /// step returned, if it is a measured one, and its messages are to be marked; otherwise 0.
  template <class Hook>
  [[nodiscard]] const char* commit(bool finished, ipc::FenceMode fence, std::uint64_t stepped_ns, const Hook& hook) {
    if (const char* const broken = collect()) return broken;
    if (stepped_ns != 0) make_marks(stepped_ns);
    ipc::Changes changes;
    changes.inputs = moved_inputs_;
    changes.outputs = moved_outputs_;
    changes.state_current = io_.touched != 0 ? other_buffer() : 0;
    changes.finished = finished;
    if (!moved_inputs_.empty() || !moved_outputs_.empty() || changes.state_current != 0 || finished)
      ipc::commit(*words_, changes, output_ends_, fence, [&](ipc::CommitPoint point) {
        hook(point);
        if (point == ipc::CommitPoint::Disarmed) pass_marks();  // before the bells: to ring one may take a while
      });
    after_commit(changes.state_current);
    return nullptr;
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
  [[nodiscard]] bool took() const { return !moved_inputs_.empty(); }
  /// Messages that the last step took, or put if it took none. Until the next show().
  [[nodiscard]] std::uint64_t batch() const;

  /// Rings every peer that sleeps for what is already there: the previous generation may have died before it could.
  void wake_all_peers();

  void write_note(const char* text, std::size_t length);

 private:
  ActorIo(const ipc::ActorPlan& plan, const steady_actor_type& type) : plan_(plan), type_(type) {}

  [[nodiscard]] Status map_segment();
  [[nodiscard]] Status map_ends();
  [[nodiscard]] Status map_input(std::size_t port_index, const ipc::InputPlan& input);
  [[nodiscard]] Status map_output(std::size_t port_index);
  [[nodiscard]] Status repair();
  [[nodiscard]] Status bind_parameters();
  void bind_ports();
  void bind_state();
  const steady_message* layout_of(const ipc::MessageLayout& layout);
  const char* collect();
  void make_marks(std::uint64_t stepped_ns);
  /// Of all marked messages that the commit which is under way has taken.
  void pass_marks() {
    if (moved_inputs_.empty()) return;
    for (InputLane& lane : inputs_)
      if (lane.last_used != 0) pass_marks(lane);
  }
  static void pass_marks(InputLane& lane) {
    const std::uint64_t head = lane.end.position().messages;
    lane.marks->pass(head, head + lane.end.available_messages(), now_ns);
  }
  [[nodiscard]] std::uint64_t other_buffer() const { return words_->state_current.load(std::memory_order_relaxed) == 2 ? 1 : 2; }
  void after_commit(std::uint64_t state_current);

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
  std::vector<ipc::Moved<ipc::InputEnd>> moved_inputs_;
  std::vector<ipc::Moved<ipc::OutputEnd>> moved_outputs_;
  bool progressed_ = false;
  bool repaired_ = false;
};

}  // namespace steady::worker
