#include "runtime/sampler.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "topology/placement.hpp"

namespace steady::runtime {
namespace {

using std::chrono::nanoseconds;

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

/// How often what is dear to look at is looked at.
constexpr nanoseconds kSecond = std::chrono::seconds(1);

/// The kernel is asked about each thread once in so many frames, but about no more than so many per frame: two files of
/// /proc for each of a thousand actors in every second would take two hundredths of a core.
constexpr std::size_t kFramesPerLook = 10;
constexpr std::size_t kLooksPerFrame = 25;

const char* word(supervision::State state) {
  switch (state) {
    case supervision::State::Stopped: return "stopped";
    case supervision::State::Waiting: return "waiting";
    case supervision::State::Starting: return "starting";
    case supervision::State::Running: return "running";
    case supervision::State::Stopping: return "stopping";
    case supervision::State::Finished: return "finished";
    case supervision::State::Failed: return "failed";
  }
  return "failed";
}

const char* word(ipc::Activity activity) {
  switch (activity) {
    case ipc::Activity::Starting: return "starting";
    case ipc::Activity::Running: return "running";
    case ipc::Activity::WaitingForInput: return "waiting_for_input";
    case ipc::Activity::WaitingForRoom: return "waiting_for_room";
    case ipc::Activity::WaitingForTimer: return "waiting_for_timer";
    case ipc::Activity::Done: return "done";
  }
  return "done";
}

const char* word(config::Strategy strategy) {
  switch (strategy) {
    case config::Strategy::OneForOne: return "one_for_one";
    case config::Strategy::OneForAll: return "one_for_all";
    case config::Strategy::RestForOne: return "rest_for_one";
  }
  return "one_for_one";
}

observe::SupervisorSnapshot show(const supervision::SupervisorStatus& status, const supervision::Tree& tree,
                                 nanoseconds now) {
  observe::SupervisorSnapshot shown;
  shown.name = status.name;
  shown.strategy = word(status.strategy);
  if (status.parent) shown.parent = tree.supervisor(*status.parent, now).name;
  shown.intensity = status.intensity;
  shown.used = status.used;
  shown.period_seconds = seconds(status.period);
  if (status.resets_at) shown.resets_in_seconds = std::max(0.0, seconds(*status.resets_at - now));
  shown.failed = status.failed;
  shown.why = status.why;
  return shown;
}

std::vector<observe::UserMetric> show_metrics(const topology::ActorType& type, const ipc::ActorSample& sample) {
  std::vector<observe::UserMetric> shown;
  for (std::size_t i = 0; i < type.metrics.size() && i < sample.metrics.size(); ++i) {
    double value = static_cast<double>(sample.metrics[i]);
    if (!type.metrics[i].counter) std::memcpy(&value, &sample.metrics[i], sizeof value);
    shown.push_back({type.metrics[i].name, type.metrics[i].help, type.metrics[i].counter, value});
  }
  return shown;
}

}  // namespace

void Sampler::observe(const topology::Plan& plan, const Wiring& wiring) {
  channels_.clear();
  actors_.clear();
  for (const topology::PlannedChannel& channel : plan.channels) {
    auto opened = ipc::ChannelObserver::open(wiring.ring_path(channel), wiring.reader_paths(channel, plan));
    channels_.emplace_back();
    if (opened) channels_.back().emplace(std::move(*opened));
    if (channel_tracks_.size() < channels_.size()) channel_tracks_.emplace_back(channel.consumers.size());
  }
  for (const topology::PlannedActor& actor : plan.actors) {
    auto opened = ipc::ActorObserver::open(wiring.actor_path(actor));
    actors_.emplace_back();
    if (opened) actors_.back().emplace(std::move(*opened));
  }
  actor_tracks_.resize(actors_.size());
  meters_.resize(actors_.size());
}

void Sampler::tick(const Scene& scene) {
  const nanoseconds now = scene.now;
  for (std::size_t i = 0; i < channels_.size(); ++i)
    if (channels_[i]) channel_tracks_[i].frame(channels_[i]->sample(static_cast<std::uint64_t>(now.count())), now);
  look_at_threads(scene);
  if (second_at_ && now - *second_at_ < kSecond) return;
  second_at_ = now;
  second(scene);
}

void Sampler::look_at_threads(const Scene& scene) {
  const std::size_t count = std::min((actors_.size() + kFramesPerLook - 1) / kFramesPerLook, kLooksPerFrame);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t actor = next_thread_++ % actors_.size();
    const int pid = scene.workers[scene.plan.actors[actor].worker].pid;
    if (pid != 0 && actors_[actor])
      actor_tracks_[actor].look(meters_[actor].look(pid, actors_[actor]->calls().thread), scene.now);
  }
}

void Sampler::second(const Scene& scene) {
  for (std::size_t i = 0; i < channels_.size(); ++i)
    if (channels_[i]) channel_tracks_[i].second(*channels_[i], scene.now);
  for (std::size_t i = 0; i < actors_.size(); ++i)
    if (actors_[i])
      actor_tracks_[i].second(*actors_[i], scene.workers[scene.plan.actors[i].worker].memory_bytes, scene.now);
  waits_ = observe::analyse(wait_view(scene.plan, scene.tree));
}

void Sampler::ended(const topology::Plan& plan, std::size_t worker) {
  for (const std::size_t actor : plan.workers[worker].actors) {
    actor_tracks_[actor].ended();
    meters_[actor] = {};
  }
}

std::uint64_t Sampler::turns(const topology::Plan& plan, std::size_t worker) const {
  std::uint64_t turns = 0;
  for (const std::size_t actor : plan.workers[worker].actors) turns += actor_tracks_[actor].core_time().turns;
  return turns;
}

observe::WaitView Sampler::wait_view(const topology::Plan& plan, const supervision::Tree& tree) const {
  observe::WaitView view;
  for (std::size_t i = 0; i < plan.actors.size(); ++i) {
    const supervision::State state = tree.child(plan.actors[i].worker).state;
    const ActorTrack& track = actor_tracks_[i];
    const ipc::ActorObserver::Calls calls = this->calls(i);
    observe::WaitView::Actor& actor = view.actors.emplace_back();
    actor.name = plan.actors[i].spec.name;
    actor.runs = state == supervision::State::Running;
    actor.finished = state == supervision::State::Finished;
    actor.state = word(state);
    actor.input_ratio = track.input_ratio();
    actor.room_ratio = track.room_ratio();
    actor.timer_ratio = track.timer_ratio();
    actor.stepped = track.stepped();
    actor.in_call = calls.begun != calls.returned;
    actor.frozen = track.frozen();
  }
  for (std::size_t i = 0; i < plan.channels.size(); ++i) {
    const topology::PlannedChannel& channel = plan.channels[i];
    // To those who wait for each other a full window is a full channel.
    const double narrowed = channel.is_narrowed() && channel.window_bytes != 0
                                ? static_cast<double>(channel.capacity_bytes) / static_cast<double>(channel.window_bytes)
                                : 1;
    for (std::size_t r = 0; r < channel.consumers.size(); ++r)
      view.lanes.push_back({channel.name, channel.producer, channel.consumers[r],
                            std::min(1.0, channel_tracks_[i].recent_fill(r) * narrowed),
                            channel_tracks_[i].blocked_ratio(), channel_tracks_[i].empty(r),
                            channel_tracks_[i].closed()});
  }
  return view;
}

/// Who waits for whom, in the names of the snapshot.
void Sampler::add_waits(observe::Snapshot& snapshot) const {
  std::vector<std::string> lanes;
  for (const observe::ChannelSnapshot& channel : snapshot.channels) lanes.insert(lanes.end(), channel.readers.size(), channel.name);
  const auto name = [&](std::size_t actor) { return snapshot.actors[actor].name; };
  const auto names = [&](const std::vector<std::size_t>& actors) {
    std::vector<std::string> made;
    for (const std::size_t actor : actors) made.push_back(name(actor));
    return made;
  };
  for (std::size_t i = 0; i < snapshot.actors.size() && i < waits_.waits_for.size(); ++i) {
    if (const auto& waits = waits_.waits_for[i]) {
      snapshot.actors[i].blocked_by = name(waits->actor);
      snapshot.actors[i].blocked_channel = lanes[waits->lane];
    }
    if (const auto culprit = waits_.culprits[i]) snapshot.actors[i].culprit = name(*culprit);
  }
  for (const observe::WaitGraph::Culprit& culprit : waits_.bottlenecks)
    snapshot.bottlenecks.push_back({name(culprit.actor), culprit.why, names(culprit.holds_back), culprit.blocked_ratio});
  for (const observe::WaitGraph::Circle& circle : waits_.deadlocks) {
    observe::Deadlock& deadlock = snapshot.deadlocks.emplace_back();
    deadlock.actors = names(circle.actors);
    for (const std::size_t lane : circle.lanes) deadlock.channels.push_back(lanes[lane]);
  }
}

observe::Snapshot Sampler::snapshot(const Scene& scene, With with) const {
  const auto& [plan, tree, workers, now] = scene;
  observe::Snapshot snapshot;
  for (std::size_t i = 0; i < plan.channels.size(); ++i) snapshot.channels.push_back(show_channel(scene, i, with));
  for (std::size_t i = 0; i < plan.actors.size(); ++i) snapshot.actors.push_back(show_actor(scene, i, with));
  add_waits(snapshot);
  for (supervision::SupervisorId i = 0; i < tree.supervisor_count(); ++i)
    snapshot.supervisors.push_back(show(tree.supervisor(i, now), tree, now));
  for (const observe::ActorSnapshot& actor : snapshot.actors)
    if (actor.state != "running" && actor.state != "finished")
      snapshot.not_ready.push_back("actor " + actor.name + " is " + actor.state +
                                   (actor.reason.empty() ? "" : ": " + actor.reason));
  for (const observe::SupervisorSnapshot& supervisor : snapshot.supervisors)
    if (supervisor.failed) snapshot.not_ready.push_back("supervisor " + supervisor.name + " gave up: " + supervisor.why);
  snapshot.stopping = tree.ending();
  if (snapshot.stopping) snapshot.not_ready.push_back("the service is stopping");
  snapshot.ready = snapshot.not_ready.empty();
  return snapshot;
}

observe::ChannelSnapshot Sampler::show_channel(const Scene& scene, std::size_t index, With with) const {
  const topology::Plan& plan = scene.plan;
  const topology::PlannedChannel& planned = plan.channels[index];
  observe::ChannelSnapshot shown;
  shown.name = planned.name;
  shown.from_actor = plan.actors[planned.producer].spec.name;
  shown.from_port = planned.producer_port;
  shown.frames = planned.frames;
  shown.message_type = !planned.known ? "unknown" : planned.frames ? "frames" : planned.message.name;
  shown.capacity_messages = planned.capacity_messages;
  shown.capacity_bytes = planned.capacity_bytes;
  shown.window_messages = planned.frames ? 0 : planned.window;
  shown.window_bytes = planned.window_bytes;
  ipc::ChannelSample sample;
  if (channels_[index]) sample = channels_[index]->sample(static_cast<std::uint64_t>(scene.now.count()));
  if (sample.capacity_bytes != 0) {
    shown.capacity_bytes = sample.capacity_bytes;
    if (!planned.frames && planned.message.size_bytes != 0)
      shown.capacity_messages = sample.capacity_bytes / planned.message.size_bytes;
  }
  shown.messages_sent = sample.tail_messages;
  shown.bytes_sent = sample.tail_bytes;
  shown.closed = sample.closed;
  shown.blocked_seconds = static_cast<double>(sample.blocked_ns) / 1e9;
  for (std::size_t r = 0; r < planned.consumers.size(); ++r) {
    observe::ChannelReader reader;
    reader.actor = plan.actors[planned.consumers[r]].spec.name;
    reader.port = planned.consumer_ports[r];
    const auto& inputs = plan.actors[planned.consumers[r]].spec.inputs;
    if (const auto tuning = inputs.find(reader.port); tuning != inputs.end()) {
      reader.min = tuning->second.min;
      reader.max = tuning->second.max;
      if (tuning->second.max_wait) reader.max_wait_seconds = seconds(*tuning->second.max_wait);
    }
    if (r < sample.readers.size()) {
      const std::uint64_t head = std::min(sample.readers[r].head_bytes, sample.tail_bytes);
      reader.bytes_received = head;
      reader.messages_received = sample.readers[r].head_messages;
      reader.inflight_messages = sample.tail_messages - sample.readers[r].head_messages;
      if (sample.capacity_bytes != 0)
        reader.fill_ratio = std::min(1.0, static_cast<double>(sample.tail_bytes - head) /
                                              static_cast<double>(sample.capacity_bytes));
    }
    shown.inflight_messages = std::max(shown.inflight_messages, reader.inflight_messages);
    shown.fill_ratio = std::max(shown.fill_ratio, reader.fill_ratio);
    shown.readers.push_back(std::move(reader));
  }
  shown.placement = topology::shown(planned.placement);
  channel_tracks_[index].show(shown, with == With::Statistics);
  return shown;
}

observe::ActorSnapshot Sampler::show_actor(const Scene& scene, std::size_t index, With with) const {
  const auto& [plan, tree, workers, now] = scene;
  const topology::PlannedActor& planned = plan.actors[index];
  const WorkerFacts& facts = workers[planned.worker];
  const supervision::ChildStatus status = tree.child(planned.worker);
  observe::ActorSnapshot shown;
  shown.name = planned.spec.name;
  shown.plugin = planned.spec.plugin;
  shown.type = planned.type.name;
  shown.worker = plan.workers[planned.worker].name;
  shown.state = word(status.state);
  shown.reason = status.reason;
  if (shown.reason.empty()) shown.reason = planned.unavailable.empty() ? planned.refused : planned.unavailable;
  if (status.state == supervision::State::Waiting && !facts.last_end.empty() &&
      shown.reason.find(facts.last_end) == std::string::npos)
    shown.reason += (shown.reason.empty() ? "" : "; ") + facts.last_end;
  if (status.state == supervision::State::Failed && !facts.last_end.empty())
    shown.reason += (shown.reason.empty() ? "" : "; last: ") + facts.last_end;
  shown.up = status.state == supervision::State::Running;
  shown.pid = facts.pid;
  shown.standby = facts.standby;
  shown.standby_pid = facts.standby_pid;
  shown.restarts = facts.restarts;
  shown.incidents = facts.incidents;
  if (const auto letters = facts.dead_letters.find(planned.spec.name); letters != facts.dead_letters.end())
    shown.dead_letters = letters->second;
  shown.memory_bytes = facts.pid == 0 ? 0 : facts.memory_bytes;
  shown.state_bytes = planned.type.state_size_bytes;
  shown.placement = topology::shown(plan.workers[planned.worker].placement);
  if (status.retry_at) shown.retry_in_seconds = std::max(0.0, seconds(*status.retry_at - now));
  if (actors_[index]) {
    const ipc::ActorSample sample = actors_[index]->sample();
    shown.generation = sample.generation == ipc::kAwake ? 0 : sample.generation;
    shown.steps = sample.steps;
    shown.note = sample.note;
    shown.metrics = show_metrics(planned.type, sample);
    shown.activity = word(sample.activity);
  }
  actor_tracks_[index].show(shown, with == With::Statistics);
  return shown;
}

Histogram Sampler::latency(std::size_t channel, std::size_t reader) const {
  return channels_[channel] ? channels_[channel]->latency(reader) : Histogram{};
}

ipc::ChannelSample Sampler::channel(std::size_t channel, nanoseconds now) const {
  if (!channels_[channel]) return {};
  return channels_[channel]->sample(static_cast<std::uint64_t>(now.count()));
}

bool Sampler::finished(const topology::Plan& plan, std::size_t worker) const {
  const auto& members = plan.workers[worker].actors;
  return std::all_of(members.begin(), members.end(), [&](std::size_t actor) {
    return actors_[actor] && actors_[actor]->sample().finished;
  });
}

void Sampler::describe_channels(const topology::Plan& plan, DrainView& view) const {
  for (std::size_t i = 0; i < plan.channels.size(); ++i) {
    const topology::PlannedChannel& planned = plan.channels[i];
    const ipc::ChannelSample sample = channels_[i] ? channels_[i]->sample(0) : ipc::ChannelSample{};
    for (std::size_t r = 0; r < planned.consumers.size(); ++r) {
      const bool empty = r >= sample.readers.size() || sample.readers[r].head_bytes == sample.tail_bytes;
      view.channels.push_back({plan.actors[planned.producer].worker, plan.actors[planned.consumers[r]].worker,
                               sample.closed, empty, planned.name});
    }
  }
}

std::uint64_t Sampler::generation(std::size_t actor) const {
  if (!actors_[actor]) return 0;
  const std::uint64_t generation = actors_[actor]->sample().generation;
  return generation == ipc::kAwake ? 0 : generation;
}

ipc::ActorObserver::Calls Sampler::calls(std::size_t actor) const {
  return actors_[actor] ? actors_[actor]->calls() : ipc::ActorObserver::Calls{};
}

ipc::ActorSample Sampler::actor(std::size_t actor) const {
  return actors_[actor] ? actors_[actor]->sample() : ipc::ActorSample{};
}

std::optional<Sampler::ReaderPlace> Sampler::reader_of(const topology::Plan& plan, const std::string& channel,
                                                       const std::string& actor, const std::string& port) const {
  for (std::size_t i = 0; i < plan.channels.size(); ++i) {
    const topology::PlannedChannel& planned = plan.channels[i];
    if (planned.name != channel || !channels_[i]) continue;
    const ipc::ChannelSample sample = channels_[i]->sample(0);
    for (std::size_t r = 0; r < planned.consumers.size() && r < sample.readers.size(); ++r)
      if (plan.actors[planned.consumers[r]].spec.name == actor && planned.consumer_ports[r] == port)
        return ReaderPlace{sample.incarnation, sample.readers[r].head_messages};
  }
  return std::nullopt;
}

std::uint64_t Sampler::last_replay(const topology::Plan& plan, const std::string& actor) const {
  for (std::size_t i = 0; i < plan.actors.size(); ++i)
    if (plan.actors[i].spec.name == actor) return this->actor(i).last_replay;
  return 0;
}

void Sampler::describe_ports(const topology::Plan& plan, std::size_t actor,
                             std::vector<records::PortPosition>& ports) const {
  const topology::PlannedActor& planned = plan.actors[actor];
  const auto add = [&](const topology::End& end, bool input) {
    const ipc::ChannelSample sample = channels_[end.channel] ? channels_[end.channel]->sample(0) : ipc::ChannelSample{};
    records::PortPosition& port = ports.emplace_back();
    port.port = planned.type.ports[end.port].name;
    port.input = input;
    port.channel = plan.channels[end.channel].name;
    port.sequence = sample.tail_messages;
    for (std::size_t r = 0; r < sample.readers.size(); ++r) {
      if (input && r != end.reader) continue;
      port.waiting = std::max(port.waiting, sample.tail_messages - sample.readers[r].head_messages);
      if (input) port.sequence = sample.readers[r].head_messages;
    }
  };
  for (const topology::End& end : planned.inputs) add(end, true);
  for (const topology::End& end : planned.outputs) add(end, false);
}

}  // namespace steady::runtime
