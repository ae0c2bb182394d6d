#include "worker/actor_io.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace steady::worker {
namespace {

constexpr std::array<std::string_view, 12> kFieldTypes{"u8",  "u16", "u32", "u64", "i8",   "i16",
                                                       "i32", "i64", "f32", "f64", "bool", "char"};

/// Room behind an output that nobody reads, for one step.
constexpr std::uint64_t kScratchBytes = 1 << 20;

/// What a frame of `length` bytes takes in a ring.
constexpr std::uint64_t frame_bytes(std::uint64_t length) { return (sizeof(steady_frame) + length + 7) / 8 * 8; }

/// `from`: an InputPlan, or a Tuning that changes it.
template <class From>
void apply(const From& from, InputLane& lane) {
  lane.min = from.min;
  lane.max = from.max;
  lane.max_wait_ns = from.max_wait_ns;
  lane.window_bytes = lane.end.capacity_bytes();
  if (from.window_bytes != 0) lane.window_bytes = std::min(lane.window_bytes, from.window_bytes);
  if (lane.max_wait_ns == 0) lane.waiting_since_ns = 0;
}

/// `from`: an OutputPlan, or a Tuning that changes it.
template <class From>
void apply(const From& from, OutputLane& lane) {
  lane.window_bytes = from.window_bytes != 0 ? from.window_bytes : lane.end->capacity_bytes();
  ActorIo::set_window(lane);
}

std::uint32_t field_type(std::string_view name) {
  for (std::uint32_t i = 0; i < kFieldTypes.size(); ++i)
    if (kFieldTypes[i] == name) return i;
  return STEADY_U8;
}

}  // namespace

Result<std::unique_ptr<ActorIo>> ActorIo::create(const ipc::ActorPlan& plan, const steady_actor_type& type) {
  auto made = prepare(plan, type);
  if (!made) return made;
  if (auto status = (*made)->begin(); !status) return tl::unexpected(std::move(status.error()));
  return made;
}

Result<std::unique_ptr<ActorIo>> ActorIo::prepare(const ipc::ActorPlan& plan, const steady_actor_type& type) {
  std::unique_ptr<ActorIo> made(new ActorIo(plan, type));
  if (auto status = made->map_segment(); !status) return tl::unexpected(std::move(status.error()));
  if (auto status = made->map_ends(); !status) return tl::unexpected(std::move(status.error()));
  if (auto status = made->bind_parameters(); !status) return tl::unexpected(std::move(status.error()));
  return made;
}

Status ActorIo::begin() {
  if (auto status = begin_ends(); !status) return status;
  if (auto status = repair(); !status) return status;
  bind_ports();
  bind_state();
  return {};
}

void ActorIo::enter_pages() const {
  segment_.enter_pages(segment_.size_bytes());
  for (const InputLane& lane : inputs_) lane.end.enter_pages();
  for (const OutputLane& lane : outputs_)
    if (lane.end) lane.end->enter_pages();
}

Status ActorIo::begin_ends() {
  if (auto allowed = segment_.allow_writes(); !allowed) return fail(std::move(allowed.error()), "actor segment");
  if (old_segment_)
    if (auto allowed = old_segment_.allow_writes(); !allowed) return fail(std::move(allowed.error()), "old actor segment");
  for (InputLane& lane : inputs_) {
    if (auto begun = lane.end.begin_at_last(); !begun)
      return fail(std::move(begun.error()), "channel " + lane.plan->channel);
    apply(*lane.plan, lane);
  }
  for (OutputLane& lane : outputs_) {
    if (!lane.end) continue;
    if (auto begun = lane.end->begin_at_last(); !begun)
      return fail(std::move(begun.error()), "channel " + lane.plan->channel);
    apply(*lane.plan, lane);
  }
  return {};
}

Status ActorIo::map_segment() {
  auto mapping = ipc::map_segment(plan_.segment_fd, ipc::SegmentKind::Actor, ipc::Access::ReadOnly);
  if (!mapping) return fail(std::move(mapping.error()), "actor segment");
  segment_ = std::move(*mapping);
  page_ = segment_.at<const ipc::ActorPage>(0);
  words_ = segment_.at<ipc::ActorWords>(ipc::kActorWordsOffset);
  if (page_->state_bytes != type_.state_size || page_->metric_count != type_.metric_count ||
      ipc::kActorBlocksOffset + 2 * page_->block_stride != segment_.size_bytes())
    return fail(ErrorCode::Corrupt, "the actor's segment does not fit its type");
  if (plan_.old_segment_fd >= 0) {
    auto old = ipc::map_segment(plan_.old_segment_fd, ipc::SegmentKind::Actor, ipc::Access::ReadOnly);
    if (!old) return fail(std::move(old.error()), "old actor segment");
    old_segment_ = std::move(*old);
  }
  auto bell = ipc::Bell::create(plan_.bell_fd);
  if (!bell) return tl::unexpected(std::move(bell.error()));
  bell_.emplace(std::move(*bell));
  return {};
}

Status ActorIo::map_ends() {
  for (const ipc::InputPlan& input : plan_.inputs) {
    std::size_t port = 0;
    while (port < type_.port_count && type_.ports[port].name != input.port) ++port;
    if (port == type_.port_count) return fail(ErrorCode::Invalid, "the plugin has no port '" + input.port + "'");
  }
  for (std::size_t port = 0; port < type_.port_count; ++port) {
    if (type_.ports[port].direction == STEADY_OUTPUT) {
      if (auto status = map_output(port); !status) return status;
      continue;
    }
    for (const ipc::InputPlan& input : plan_.inputs) {
      if (type_.ports[port].name != input.port) continue;
      if (auto status = map_input(port, input); !status) return status;
    }
  }
  for (OutputLane& lane : outputs_)
    if (lane.end) output_ends_.push_back(&*lane.end);
  moved_inputs_.resize(inputs_.size());
  moved_outputs_.resize(outputs_.size());
  return {};
}

Status ActorIo::map_input(std::size_t port_index, const ipc::InputPlan& input) {
  auto end = ipc::InputEnd::map(input.ring_fd, input.reader_fd, input.bell_fd, input.memory);
  if (!end) return fail(std::move(end.error()), "channel " + input.channel);
  inputs_.push_back({std::move(*end), nullptr, &input, port_index});
  return {};
}

Status ActorIo::map_output(std::size_t port_index) {
  OutputLane lane;
  lane.port = port_index;
  for (const ipc::OutputPlan& output : plan_.outputs) {
    if (type_.ports[port_index].name != output.port) continue;
    std::vector<ipc::OutputEnd::ReaderFds> readers;
    for (const auto& reader : output.readers) readers.push_back({reader.page_fd, reader.bell_fd});
    auto end = ipc::OutputEnd::map(output.ring_fd, readers, output.memory);
    if (!end) return fail(std::move(end.error()), "channel " + output.channel);
    lane.end.emplace(std::move(*end));
    lane.plan = &output;
  }
  if (!lane.end) lane.scratch = std::make_unique_for_overwrite<unsigned char[]>(kScratchBytes);  // untouched: no memory
  outputs_.push_back(std::move(lane));
  return {};
}

Status ActorIo::repair() {
  std::vector<ipc::InputEnd*> input_ends;
  for (InputLane& lane : inputs_) input_ends.push_back(&lane.end);
  if (old_segment_) {
    auto done = ipc::repair(*old_segment_.at<ipc::ActorWords>(ipc::kActorWordsOffset), input_ends, output_ends_, plan_.reopen);
    if (!done) return tl::unexpected(std::move(done.error()));
    repaired_ = *done;
  }
  auto done = ipc::repair(*words_, input_ends, output_ends_, plan_.reopen);
  if (!done) return tl::unexpected(std::move(done.error()));
  repaired_ = repaired_ || *done;
  for (InputLane& lane : inputs_) lane.marks.emplace(lane.end.mark_reader());
  for (OutputLane& lane : outputs_)
    if (lane.end) lane.marks.emplace(lane.end->mark_maker());
  return {};
}

Status ActorIo::bind_parameters() {
  for (std::uint32_t i = 0; i < type_.parameter_count; ++i) {
    const steady_parameter& parameter = type_.parameters[i];
    const auto given = plan_.params.find(parameter.name);
    if (given == plan_.params.end() && parameter.required != 0)
      return fail(ErrorCode::Invalid, "parameter '" + std::string(parameter.name) + "' is required");
    parameter_texts_.push_back(given == plan_.params.end() ? parameter.default_text : given->second);
  }
  for (const std::string& text : parameter_texts_) parameters_.push_back(text.c_str());
  return {};
}

const steady_message* ActorIo::layout_of(const ipc::MessageLayout& layout) {
  auto& fields = fields_.emplace_back();
  for (const auto& field : layout.fields)
    fields.push_back({field.name.c_str(), field_type(field.type), field.offset, field.count});
  messages_.push_back({layout.name.c_str(), layout.size, layout.align, fields.data(),
                       static_cast<std::uint32_t>(fields.size())});
  return &messages_.back();
}

void ActorIo::bind_ports() {
  views_.resize(inputs_.size() + outputs_.size());
  ports_.resize(type_.port_count);
  std::size_t next = 0;
  for (InputLane& lane : inputs_) {  // in the order of ports, so that a port's lanes are neighbours
    steady_port_io& port = ports_[lane.port];
    if (port.lane_count++ == 0) port.lanes = &views_[next];
    lane.view = &views_[next++];
    lane.view->kind = lane.end.message_bytes() == 0 ? STEADY_FRAMES : STEADY_MESSAGES;
    lane.view->capacity_bytes = lane.end.capacity_bytes();
    lane.view->message = layout_of(lane.plan->message);
    lane.view->begin = lane.end.begin();
  }
  for (OutputLane& lane : outputs_) {
    steady_port_io& port = ports_[lane.port];
    port.lane_count = 1;
    port.lanes = &views_[next];
    lane.view = &views_[next++];
    lane.view->kind = type_.ports[lane.port].kind;
    lane.view->capacity_bytes = lane.end ? lane.end->capacity_bytes() : kScratchBytes;
    lane.view->message = &type_.ports[lane.port].message;
    lane.view->begin = lane.end ? lane.end->begin() : lane.scratch.get();
  }
  for (steady_port_io& port : ports_)
    if (port.lane_count > 1) many_.push_back(&port);
  io_.size = sizeof io_;
  io_.port_count = type_.port_count;
  io_.ports = ports_.data();
  io_.parameters = parameters_.data();
  io_.generation = plan_.generation;
}

void ActorIo::bind_state() {
  const std::uint64_t current = words_->state_current.load(std::memory_order_acquire);  // SYNC(state)
  auto* const first = segment_.at<unsigned char>(ipc::kActorBlocksOffset);
  auto* const second = segment_.at<unsigned char>(ipc::kActorBlocksOffset + page_->block_stride);
  io_.state_fresh = current == 0 ? 1 : 0;
  io_.state_current = current == 2 ? second : first;
  io_.state_next = current == 2 ? first : second;
  io_.block_size = page_->block_bytes;
  io_.touched = 0;
}

std::optional<ActorIo::OldState> ActorIo::old_state() const {
  if (!old_segment_) return std::nullopt;
  const auto& page = *old_segment_.at<const ipc::ActorPage>(0);
  const auto& words = *old_segment_.at<const ipc::ActorWords>(ipc::kActorWordsOffset);
  const std::uint64_t current = words.state_current.load(std::memory_order_acquire);
  if (current == 0 || page.state_bytes == 0) return std::nullopt;
  const std::uint64_t offset = ipc::kActorBlocksOffset + (current == 2 ? page.block_stride : 0);
  if (offset + page.state_bytes > old_segment_.size_bytes()) return std::nullopt;
  return OldState{old_segment_.at<const unsigned char>(offset), page.state_bytes,
                  static_cast<std::uint32_t>(page.state_version)};
}

bool ActorIo::show(InputLane& lane) {
  bool sound = true;
  const bool closed = lane.end.closed();  // SYNC(closed): before tail, so that closed means "this is all"
  const bool few = lane.end.available_messages() < std::max(lane.min, lane.last_used);
  if (!lane.parked && (few || closed != lane.closed)) {
    sound = lane.end.refresh();
    lane.parked = !sound;
    lane.closed = closed && sound;
  }
  fill(lane, lane.parked ? 0 : lane.end.available_messages());
  lane.view->closed = lane.closed ? 1 : 0;
  return sound;
}

bool ActorIo::show(OutputLane& lane) {
  steady_view& view = *lane.view;
  const std::uint64_t message_bytes = view.kind == STEADY_MESSAGES ? view.message->size : 0;
  view.refused = 0;
  if (!lane.end) {
    forget_used(view);
    view.bytes = kScratchBytes;
    view.messages = message_bytes != 0 ? kScratchBytes / message_bytes : 0;
    lane.vacant = message_bytes != 0 ? view.messages : view.bytes;
    return true;
  }
  bool sound = true;
  // At least 1: an end that has never looked at its readers, or that is full, shows no room at all.
  const std::uint64_t wanted = std::max({std::uint64_t{1}, message_bytes, lane.last_used_bytes});
  if (lane.end->vacant_bytes() < wanted) sound = lane.end->refresh();
  const std::uint64_t bytes = lane.end->vacant_bytes();
  fill(lane, bytes);
  lane.vacant = message_bytes != 0 ? bytes / message_bytes : bytes;
  return sound;
}

const char* ActorIo::why_broken() const {
  const bool took = std::ranges::any_of(inputs_, [](const InputLane& lane) {
    return lane.view->used_messages > lane.view->messages || lane.view->used_bytes > lane.view->bytes;
  });
  return took ? "took more than there was" : "put more than there was room for";
}

void ActorIo::make_marks(std::uint64_t stepped_ns) {
  for (OutputLane& lane : outputs_) {
    if (lane.view->used_messages == 0 || !lane.end) continue;
    const ipc::Position at = lane.end->position();
    lane.marks->make(at, {at.bytes + lane.view->used_bytes, at.messages + lane.view->used_messages}, stepped_ns);
  }
}

std::uint64_t ActorIo::batch() const {
  std::uint64_t taken = 0;
  std::uint64_t put = 0;
  for (const InputLane& lane : inputs_) taken += lane.view->used_messages;
  for (const OutputLane& lane : outputs_) put += lane.view->used_messages;
  return taken != 0 ? taken : put;
}

std::uint64_t ActorIo::next_bytes(const InputLane& lane) {
  const std::uint64_t available = lane.parked ? 0 : lane.end.available_bytes();
  if (lane.end.message_bytes() != 0) return available >= lane.end.message_bytes() ? lane.end.message_bytes() : 0;
  if (available < sizeof(steady_frame)) return 0;
  steady_frame head;
  std::memcpy(&head, lane.end.begin(), sizeof head);  // a copy: the producer may write it at any time
  const std::uint64_t bytes = frame_bytes(head.length);
  return bytes <= available ? bytes : 0;
}

bool ActorIo::skip(InputLane& lane, ipc::FenceMode fence) {
  const std::uint64_t bytes = next_bytes(lane);
  if (bytes == 0) return false;
  const ipc::Position at = lane.end.position();
  const ipc::Moved<ipc::InputEnd> moved{&lane.end, {at.bytes + bytes, at.messages + 1}};
  ipc::Changes changes;
  changes.inputs = {&moved, 1};
  ipc::commit(*words_, changes, output_ends_, fence, ipc::NoHook{});
  pass_marks(lane);
  return true;
}

bool ActorIo::put_back(OutputLane& lane, std::string_view payload, std::uint64_t ticket, ipc::FenceMode fence) {
  return ipc::put_back(*words_, output_ends_, *lane.end, payload, ticket, fence);
}

void ActorIo::tune(const ipc::Tuning& tuning) {
  const auto is_meant = [&](const auto& lane) {
    return lane.plan != nullptr && lane.plan->channel == tuning.channel && lane.plan->port == tuning.port;
  };
  for (InputLane& lane : inputs_)
    if (is_meant(lane)) apply(tuning, lane);
  for (OutputLane& lane : outputs_)
    if (is_meant(lane)) apply(tuning, lane);
}

void ActorIo::set_window(OutputLane& lane) {
  lane.stretched = false;
  lane.end->set_window(std::max(lane.window_bytes, lane.asked_bytes));
}

bool ActorIo::stretch_windows() {
  bool any = false;
  for (OutputLane& lane : outputs_) {
    if (!lane.end || lane.view->refused == 0 || !lane.end->idle()) continue;
    if (lane.end->window_bytes() == lane.end->capacity_bytes()) continue;
    lane.end->set_window(2 * lane.end->window_bytes());
    lane.stretched = any = true;
  }
  return any;
}

void ActorIo::wake_all_peers() {
  for (ipc::OutputEnd* const end : output_ends_) end->wake_peers();
  for (InputLane& lane : inputs_) lane.end.wake_peers();
}

void ActorIo::write_note(const char* text, std::size_t length) {
  std::array<std::uint64_t, ipc::kNoteBytes / 8> padded{};
  std::memcpy(padded.data(), text, std::min(length, ipc::kNoteBytes - 1));
  const std::uint64_t sequence = words_->note_sequence.load(std::memory_order_relaxed) | 1;  // odd: being written
  words_->note_sequence.store(sequence, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);  // SYNC(note): no word before the odd number
  for (std::size_t i = 0; i < padded.size(); ++i) words_->note[i].store(padded[i], std::memory_order_relaxed);
  words_->note_sequence.store(sequence + 1, std::memory_order_release);  // SYNC(note)
}

}  // namespace steady::worker
