#include "runtime/wiring.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/files.hpp"
#include "base/log.hpp"
#include "ipc/crash_page.hpp"
#include "process/lock.hpp"
#include "process/process.hpp"
#include "runtime/tunings.hpp"

namespace steady::runtime {
namespace {

/// FNV-1a over everything that two ends of a ring must agree on.
std::uint64_t layout_hash(const topology::PlannedChannel& channel) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;
  };
  if (channel.frames) return hash;
  mix(std::to_string(channel.message.size_bytes));
  for (const topology::Field& field : channel.message.fields)
    for (const std::string& part :
         {field.name, field.type, std::to_string(field.offset_bytes), std::to_string(field.count)})
      mix(part);
  return hash;
}

std::string reader_name(const topology::Plan& plan, const topology::PlannedChannel& channel, std::size_t reader) {
  return plan.actors[channel.consumers[reader]].spec.name + "." + channel.consumer_ports[reader];
}

ipc::MessageLayout layout_of(const topology::PlannedChannel& channel) {
  ipc::MessageLayout layout;
  if (channel.frames) return layout;
  layout = {channel.message.name, channel.message.size_bytes, channel.message.align_bytes, {}};
  for (const topology::Field& field : channel.message.fields)
    layout.fields.push_back({field.name, field.type, field.offset_bytes, field.count});
  return layout;
}

constexpr std::array kWaitWords{"block", "adaptive", "spin"};
constexpr std::array kPolicyWords{"fifo", "rr"};

ipc::WorkerPlacement to_order(const config::Placement& placement) {
  ipc::WorkerPlacement out;
  out.cpus = placement.cpus.value_or(std::vector<unsigned>());
  out.nice = placement.nice;
  if (placement.sched) {
    out.policy = kPolicyWords[static_cast<std::size_t>(placement.sched->policy)];
    out.priority = static_cast<int>(placement.sched->priority);
  }
  out.numa = placement.numa ? static_cast<int>(*placement.numa) : -1;
  out.lock_memory = placement.lock_memory.value_or(false);
  return out;
}

ipc::RingMemory to_order(const config::ChannelPlacement& placement) {
  return {placement.numa ? static_cast<int>(*placement.numa) : -1, placement.lock_memory, placement.huge_pages};
}

/// What the name means now.
GivenFile given(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {path, 0, 0};
  return {path, status.st_dev, status.st_ino};
}

}  // namespace

/// Collects the descriptors of one order; each is numbered as the worker will see it.
class Wiring::Descriptors {
 public:
  explicit Descriptors(WorkerOrder& order) : order_(order) {}

  /// Opens `path`; -1 and a remembered error when that fails.
  int open(const std::string& path, int flags) {
    auto fd = open_file(path, flags | O_NOFOLLOW);
    if (!fd) {
      if (error_.empty()) error_ = fd.error().message;
      return -1;
    }
    order_.owned.push_back(std::move(*fd));
    note(path);
    return number(order_.owned.back().get());
  }
  /// Remembers what `path` means now, for a spare.
  void note(const std::string& path) {
    if (order_.plan.standby) order_.files.push_back(given(path));
  }
  /// Passes on a descriptor that somebody else owns; the same one keeps its number.
  int number(int fd) {
    const auto known = std::find(order_.fds.begin(), order_.fds.end(), fd);
    const auto index = known - order_.fds.begin();
    if (known == order_.fds.end()) order_.fds.push_back(fd);
    return process::kFirstInheritedFd + static_cast<int>(index);
  }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  WorkerOrder& order_;
  std::string error_;
};

std::uint64_t Wiring::message_hash(const topology::PlannedChannel& channel) const { return layout_hash(channel); }

const ipc::Segments& Wiring::store_of(const topology::PlannedActor& actor) const {
  const config::Life wished = actor.type.state_durable ? config::Life::Disk : config::Life::Memory;
  return actor.spec.life.value_or(wished) == config::Life::Disk ? disk_ : memory_;
}

std::string Wiring::ring_path(const topology::PlannedChannel& channel) const { return memory_.ring_path(channel.name); }

std::vector<std::string> Wiring::reader_paths(const topology::PlannedChannel& channel,
                                              const topology::Plan& plan) const {
  std::vector<std::string> paths;
  for (std::size_t reader = 0; reader < channel.consumers.size(); ++reader)
    paths.push_back(memory_.reader_path(channel.name, reader_name(plan, channel, reader)));
  return paths;
}

std::string Wiring::bell_path(const topology::Plan& plan, std::size_t actor) const {
  return memory_.bell_path(plan.actors[plan.actors[actor].bell].spec.name);
}

std::string Wiring::actor_path(const topology::PlannedActor& actor) const {
  return store_of(actor).actor_path(actor.spec.name);
}

void Wiring::report(const std::string& what, const ipc::Ensured& ensured) {
  if (!ensured.set_aside.empty()) {
    ++quarantined_;
    log::warn("A segment could not be used and was moved to the quarantine", {{"segment", what}, {"why", ensured.set_aside}});
  }
  if (!ensured.kept.empty()) log::warn("A segment is kept as it is", {{"segment", what}, {"why", ensured.kept}});
}

Status Wiring::prepare(const topology::Plan& plan) {
  for (const ipc::Segments* const store : {&memory_, &disk_})
    if (auto made = store->prepare(); !made) return made;
  auto lock = process::worker_lock(runtime_directory_);
  if (!lock) return tl::unexpected(std::move(lock.error()));
  worker_lock_ = std::move(*lock);
  report_strangers(plan);
  for (const topology::PlannedChannel& channel : plan.channels)
    if (auto made = prepare_channel(plan, channel); !made) return made;
  for (const topology::PlannedActor& actor : plan.actors)
    if (auto made = prepare_actor(actor); !made) return made;
  return {};
}

/// Nobody will ever drain or remove them; only the operator knows whether they still matter.
void Wiring::report_strangers(const topology::Plan& plan) const {
  std::vector<std::string> channels;
  std::vector<std::string> actors;
  for (const topology::PlannedChannel& channel : plan.channels) channels.push_back(channel.name);
  for (const topology::PlannedActor& actor : plan.actors) actors.push_back(actor.spec.name);
  for (const ipc::Segments* const store : {&memory_, &disk_}) {
    std::string names;
    for (const std::string& name : store->strangers(channels, actors)) names += (names.empty() ? "" : " ") + name;
    if (names.empty()) continue;
    log::warn("Files of another configuration are kept until you remove them",
              {{"directory", store->directory()}, {"files", names}});
  }
}

Status Wiring::prepare_worker(const topology::Plan& plan, std::size_t worker) {
  for (const std::size_t index : plan.workers[worker].actors) {
    const topology::PlannedActor& actor = plan.actors[index];
    for (const auto* const ends : {&actor.inputs, &actor.outputs})
      for (const topology::End& end : *ends)
        if (auto made = prepare_channel(plan, plan.channels[end.channel]); !made) return made;
    if (auto made = prepare_actor(actor); !made) return made;
  }
  return {};
}

Status Wiring::prepare_channel(const topology::Plan& plan, const topology::PlannedChannel& channel) {
  if (!channel.known) return {};
  ipc::RingSpec spec;
  spec.capacity_bytes = channel.capacity_bytes;
  spec.message_bytes = channel.frames ? 0 : channel.message.size_bytes;
  spec.message_hash = layout_hash(channel);
  std::vector<std::string> readers;
  for (std::size_t reader = 0; reader < channel.consumers.size(); ++reader)
    readers.push_back(reader_name(plan, channel, reader));
  const auto ensured = memory_.ensure_channel(channel.name, spec, readers);
  if (!ensured) return fail(ensured.error(), "channel " + channel.name);
  report("channel " + channel.name, *ensured);
  return {};
}

Status Wiring::prepare_actor(const topology::PlannedActor& actor) {
  const std::string what = "actor " + actor.spec.name;
  const auto bell = memory_.ensure_bell(actor.spec.name);
  if (!bell) return fail(bell.error(), what);
  report(what + ", doorbell", *bell);
  if (!actor.unavailable.empty()) return {};
  const ipc::ActorSpec spec{actor.type.state_size_bytes, actor.type.state_version, actor.type.metrics.size()};
  const auto ensured = store_of(actor).ensure_actor(actor.spec.name, spec);
  if (!ensured) return fail(ensured.error(), what);
  report(what, *ensured);
  if (!ensured->kept.empty())
    if (auto begun = store_of(actor).begin_migration(actor.spec.name, spec); !begun) return fail(begun.error(), what);
  return {};
}

Status Wiring::reopen(const topology::Plan& plan, std::size_t worker) const {
  for (const std::size_t index : plan.workers[worker].actors) {
    const topology::PlannedActor& actor = plan.actors[index];
    if (!actor.unavailable.empty()) continue;
    if (auto done = store_of(actor).reopen_actor(actor.spec.name); !done) return done;
    for (const topology::End& end : actor.outputs)
      if (auto done = memory_.reopen_channel(plan.channels[end.channel].name); !done) return done;
  }
  return {};
}

Result<WorkerOrder> Wiring::order_for(const topology::Plan& plan, std::size_t worker, const Plugins& plugins,
                                      const WorkerSettings& settings) {
  WorkerOrder order;
  Descriptors descriptors(order);
  order.plan.worker = plan.workers[worker].name;
  order.plan.fence = settings.fence;
  order.plan.sampling = settings.sampling;
  order.plan.standby = settings.standby;
  order.plan.placement = to_order(plan.workers[worker].placement);
  for (const std::size_t actor : plan.workers[worker].actors)
    order.plan.actors.push_back(order_actor(plan, actor, plugins, descriptors));
  if (auto prepared = prepare_crash_page(); !prepared) return tl::unexpected(std::move(prepared.error()));
  order.crash_page = blank_crash_page_.get();
  order.plan.crash_fd = descriptors.number(blank_crash_page_.get());
  order.owned.push_back(std::move(blank_crash_page_));
  descriptors.number(worker_lock_.get());
  if (!descriptors.error().empty()) return fail(ErrorCode::System, descriptors.error());
  return order;
}

Status Wiring::prepare_crash_page() {
  if (blank_crash_page_) return {};
  auto made = ipc::create_crash_page();
  if (!made) return tl::unexpected(std::move(made.error()));
  blank_crash_page_ = std::move(*made);
  return {};
}

ipc::ActorPlan Wiring::order_actor(const topology::Plan& plan, std::size_t index, const Plugins& plugins,
                                   Descriptors& descriptors) const {
  const topology::PlannedActor& actor = plan.actors[index];
  const ipc::Segments& store = store_of(actor);
  ipc::ActorPlan to;
  to.name = actor.spec.name;
  to.plugin = actor.spec.plugin;
  to.type = actor.type.name;
  to.wait = kWaitWords[static_cast<std::size_t>(actor.spec.wait)];
  to.thread = actor.spec.thread;
  to.plugin_fd = descriptors.number(plugins.staged_fd(actor.spec.plugin));
  descriptors.note("/proc/self/fd/" + std::to_string(plugins.staged_fd(actor.spec.plugin)));
  to.segment_fd = descriptors.open(store.actor_path(actor.spec.name), O_RDWR);
  const std::string old = store.old_actor_path(actor.spec.name);
  if (::access(old.c_str(), F_OK) == 0) {
    to.old_segment_fd = descriptors.open(old, O_RDWR);
  } else {
    descriptors.note(old);
  }
  to.bell_fd = descriptors.open(bell_path(plan, index), O_RDWR);
  for (const auto& [name, value] : actor.spec.params) to.params[name] = value.text;
  for (const topology::End& end : actor.inputs) to.inputs.push_back(order_input(plan, actor, end, descriptors));
  for (const topology::End& end : actor.outputs) to.outputs.push_back(order_output(plan, actor, end, descriptors));
  return to;
}

ipc::InputPlan Wiring::order_input(const topology::Plan& plan, const topology::PlannedActor& actor,
                                   const topology::End& end, Descriptors& descriptors) const {
  const topology::PlannedChannel& channel = plan.channels[end.channel];
  ipc::InputPlan input;
  input.port = actor.type.ports[end.port].name;
  input.channel = channel.name;
  input.producer = plan.actors[channel.producer].spec.name;
  input.ring_fd = descriptors.open(memory_.ring_path(channel.name), O_RDONLY);
  input.reader_fd = descriptors.open(memory_.reader_path(channel.name, reader_name(plan, channel, end.reader)), O_RDWR);
  input.bell_fd = descriptors.open(bell_path(plan, channel.producer), O_RDWR);
  input.message = layout_of(channel);
  input.memory = to_order(channel.placement);
  return input;
}

ipc::OutputPlan Wiring::order_output(const topology::Plan& plan, const topology::PlannedActor& actor,
                                     const topology::End& end, Descriptors& descriptors) const {
  const topology::PlannedChannel& channel = plan.channels[end.channel];
  ipc::OutputPlan output;
  output.port = actor.type.ports[end.port].name;
  output.channel = channel.name;
  output.ring_fd = descriptors.open(memory_.ring_path(channel.name), O_RDWR);
  output.memory = to_order(channel.placement);
  for (std::size_t reader = 0; reader < channel.consumers.size(); ++reader) {
    const std::size_t consumer = channel.consumers[reader];
    output.readers.push_back(
        {plan.actors[consumer].spec.name,
         descriptors.open(memory_.reader_path(channel.name, reader_name(plan, channel, reader)), O_RDONLY),
         descriptors.open(bell_path(plan, consumer), O_RDWR)});
  }
  return output;
}

Status Wiring::raise_generations(const topology::Plan& plan, std::size_t worker, ipc::WorkerPlan& order) const {
  for (std::size_t i = 0; i < order.actors.size(); ++i) {
    const topology::PlannedActor& actor = plan.actors[plan.workers[worker].actors[i]];
    const auto generation = store_of(actor).next_generation(actor.spec.name);
    if (!generation) return tl::unexpected(generation.error());
    order.actors[i].generation = *generation;
  }
  return {};
}

void Wiring::tune(const topology::Plan& plan, std::size_t worker, ipc::WorkerPlan& order) {
  for (std::size_t i = 0; i < order.actors.size(); ++i) {
    const std::size_t index = plan.workers[worker].actors[i];
    const topology::PlannedActor& actor = plan.actors[index];
    for (std::size_t k = 0; k < actor.inputs.size(); ++k) {
      const ipc::Tuning tuning = tuning_for(plan, index, actor.inputs[k]);
      ipc::InputPlan& input = order.actors[i].inputs[k];
      input.min = tuning.min;
      input.max = tuning.max;
      input.max_wait_ns = tuning.max_wait_ns;
      input.window_bytes = tuning.window_bytes;
    }
    for (std::size_t k = 0; k < actor.outputs.size(); ++k)
      order.actors[i].outputs[k].window_bytes = tuning_for(plan, index, actor.outputs[k]).window_bytes;
  }
}

bool Wiring::is_current(const std::vector<GivenFile>& files) {
  return std::ranges::all_of(files, [](const GivenFile& file) {
    const GivenFile now = given(file.path);
    return now.device == file.device && now.inode == file.inode;
  });
}

Result<std::unique_ptr<ipc::DormantActor>> Wiring::wake(const topology::Plan& plan, std::size_t index) const {
  const topology::PlannedActor& actor = plan.actors[index];
  const std::string& name = actor.spec.name;
  if (::access(store_of(actor).old_actor_path(name).c_str(), F_OK) == 0)
    return fail(ErrorCode::Busy, "the next start of " + name + " takes over the state of its older version first");
  std::vector<ipc::DormantActor::Input> inputs;
  for (const topology::End& end : actor.inputs) {
    const topology::PlannedChannel& channel = plan.channels[end.channel];
    inputs.push_back({memory_.ring_path(channel.name),
                      memory_.reader_path(channel.name, reader_name(plan, channel, end.reader)),
                      bell_path(plan, channel.producer)});
  }
  std::vector<ipc::DormantActor::Output> outputs;
  for (const topology::End& end : actor.outputs) {
    const topology::PlannedChannel& channel = plan.channels[end.channel];
    ipc::DormantActor::Output& output = outputs.emplace_back();
    output.channel = channel.name;
    output.ring = memory_.ring_path(channel.name);
    output.readers = reader_paths(channel, plan);
    output.window_bytes = tuning_for(plan, index, end).window_bytes;
    for (const std::size_t consumer : channel.consumers)
      output.bells.push_back(bell_path(plan, consumer));
  }
  return ipc::DormantActor::wake(store_of(actor).actor_path(name), inputs, outputs);
}

void Wiring::remove_drained(const topology::Plan& plan) const {
  std::vector<std::string> channels;
  for (const topology::PlannedChannel& channel : plan.channels) channels.push_back(channel.name);
  memory_.remove_channels(channels);
  for (const topology::PlannedActor& actor : plan.actors) memory_.remove_actor(actor.spec.name);
}

}  // namespace steady::runtime
