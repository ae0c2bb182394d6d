// Answers those who look into channels and those who add messages to them.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/hex.hpp"
#include "ipc/observer.hpp"
#include "runtime/daemon.hpp"
#include "topology/description.hpp"

namespace steady::runtime {
namespace {

using nlohmann::json;

/// More in one request would keep the loop for too long.
constexpr std::size_t kInjectedAtOnce = 1000;

constexpr std::size_t kInjectionBytes = 64;

std::optional<std::size_t> find_channel(const topology::Plan& plan, const std::string& name) {
  const auto found = std::ranges::find(plan.channels, name, &topology::PlannedChannel::name);
  if (found == plan.channels.end()) return std::nullopt;
  return static_cast<std::size_t>(found - plan.channels.begin());
}

bool is_injection(const std::string& id) {
  return !id.empty() && id.size() <= kInjectionBytes && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Checks everything before anything is stored. Errors: Invalid.
Result<std::vector<std::string>> payloads_of(const topology::PlannedChannel& channel, const json& messages) {
  if (!messages.is_array() || messages.size() > kInjectedAtOnce)
    return fail(ErrorCode::Invalid, "messages: expected a list of at most " + std::to_string(kInjectedAtOnce));
  std::vector<std::string> payloads;
  for (const json& message : messages) {
    auto bytes = message.is_string() ? from_hex(message.get_ref<const std::string&>()) : std::nullopt;
    const std::string which = "message " + std::to_string(payloads.size());
    if (!bytes) return fail(ErrorCode::Invalid, which + ": expected hexadecimal digits");
    if (!channel.frames && bytes->size() != channel.message.size_bytes)
      return fail(ErrorCode::Invalid, which + ": expected " + std::to_string(channel.message.size_bytes) +
                                          " bytes, found " + std::to_string(bytes->size()));
    if (channel.frames && (8 + bytes->size() + 7) / 8 * 8 > channel.capacity_bytes)
      return fail(ErrorCode::Invalid, which + ": a frame of " + std::to_string(bytes->size()) +
                                          " bytes does not fit channel " + channel.name + " of " +
                                          std::to_string(channel.capacity_bytes) + " bytes");
    payloads.push_back(std::move(*bytes));
  }
  return payloads;
}

}  // namespace

control::Answer Daemon::answer_channels(const std::string& method, const json& params) {
  if (method == "inject_done") {
    const auto injection = params.at("injection").get<std::string>();
    if (auto done = letters_->forget_injection(injection); !done) return tl::unexpected(control::Failure(done.error()));
    return json::object();
  }
  if (method == "inject_report") {
    const auto report = letters_->injected(params.at("injection").get<std::string>());
    if (!report) return tl::unexpected(control::Failure(report.error()));
    return json{{"stored", report->stored}, {"waiting", report->waiting}, {"why", report->why}};
  }
  const auto name = params.at("channel").get<std::string>();
  const auto channel = find_channel(plan_, name);
  if (!channel) return fail(ErrorCode::NotFound, "there is no channel '" + name + "'");
  if (method == "channel") {
    if (!plan_.channels[*channel].known)
      return fail(ErrorCode::Busy, "nobody knows what channel " + name + " carries: its producer's plugin is unusable");
    return describe_channel(*channel);
  }
  if (method != "inject") return control::unknown_method(method);
  const auto injection = params.at("injection").get<std::string>();
  if (!is_injection(injection)) return control::invalid_params("injection: expected up to 64 hexadecimal digits");
  const auto payloads = payloads_of(plan_.channels[*channel], params.at("messages"));
  if (!payloads) return control::invalid_params(payloads.error().message);
  const auto before = letters_->injected(injection);
  const bool begun = before && before->stored != 0;  // it goes on, whoever was started meanwhile
  if (auto may = may_inject(*channel, begun); !may) return tl::unexpected(control::Failure(may.error()));
  const auto first = params.at("first").get<std::uint64_t>();
  auto stored = letters_->inject(plan_, plan_.channels[*channel], injection, first, *payloads);
  if (!stored) return tl::unexpected(control::Failure(stored.error()));
  put_for_dormant();
  const auto report = letters_->injected(injection);
  if (!report) return tl::unexpected(control::Failure(report.error()));
  return json{{"stored", report->stored}, {"waiting", report->waiting}, {"why", report->why}};
}

/// All that one needs to look into its ring, from outside.
json Daemon::describe_channel(std::size_t index) const {
  const topology::PlannedChannel& channel = plan_.channels[index];
  const topology::PlannedActor& producer = plan_.actors[channel.producer];
  json readers = json::array();
  for (std::size_t i = 0; i < channel.consumers.size(); ++i)
    readers.push_back(plan_.actors[channel.consumers[i]].spec.name + "." + channel.consumer_ports[i]);
  return {{"channel", channel.name},
          {"producer", producer.spec.name},
          {"readers", readers},
          {"frames", channel.frames},
          {"message", channel.frames ? json() : topology::to_json(channel.message)},
          {"capacity_messages", channel.capacity_messages},
          {"capacity_bytes", channel.capacity_bytes},
          {"injectable", graph_.channels[index].injectable},
          {"ring", wiring_.ring_path(channel)},
          {"reader_pages", wiring_.reader_paths(channel, plan_)},
          {"producer_segment", wiring_.actor_path(producer)}};
}

/// A channel has one writer. While the producer runs it is that one, and takes messages from outside only where the
/// configuration says so.
Status Daemon::may_inject(std::size_t index, bool begun) const {
  const topology::PlannedChannel& channel = plan_.channels[index];
  const std::string& producer = plan_.actors[channel.producer].spec.name;
  if (phase_ != Phase::Running) return fail(ErrorCode::Busy, "the service is stopping");
  if (!channel.known) return fail(ErrorCode::Busy, "nobody knows what channel " + channel.name + " carries");
  const bool runs = workers_[plan_.actors[channel.producer].worker].process != nullptr;
  if (runs && !begun && !graph_.channels[index].injectable)
    return fail(ErrorCode::Busy, "the producer of channel " + channel.name + " runs; stop it with 'steadyctl stop " +
                                     producer + "', or declare the channel 'injectable: true'");
  const auto observer = ipc::ChannelObserver::open(wiring_.ring_path(channel), {});
  if (!observer) return fail(observer.error(), "channel " + channel.name);
  if (observer->sample(0).closed)
    return fail(ErrorCode::Busy, "the stream of channel " + channel.name + " has ended; 'steadyctl start " + producer +
                                     "' begins it anew");
  return {};
}

void Daemon::put_for_dormant() {
  if (phase_ != Phase::Running) return;
  letters_->put_for_dormant(
      plan_, [this](std::size_t actor) { return workers_[plan_.actors[actor].worker].process == nullptr; }, fence_);
}

}  // namespace steady::runtime
