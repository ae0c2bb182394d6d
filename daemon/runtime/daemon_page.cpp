// What the live page asks for: a stream of snapshots, and all that is known of one actor or channel.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "observe/graph.hpp"
#include "observe/routes.hpp"
#include "records/json.hpp"
#include "records/print.hpp"
#include "runtime/clock.hpp"
#include "runtime/daemon.hpp"
#include "runtime/details.hpp"

namespace steady::runtime {
namespace {

/// How often the streams are told what is new; less often where that would take more than a hundredth of a core.
constexpr std::chrono::nanoseconds kStreamInterval = std::chrono::seconds(1);
constexpr int kStreamShare = 100;

/// How much of its past one actor shows.
constexpr std::size_t kIncidentsShown = 5;
constexpr std::size_t kLettersShown = 20;
constexpr std::size_t kLinesShown = 100;

/// One event of the format that browsers call EventSource; JSON has no newline.
std::string event_of(const std::string& document) { return "event: graph\ndata: " + document + "\n\n"; }

observe::Response json_response(const nlohmann::json& document) {
  observe::Response response;
  response.content_type = "application/json";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

observe::Response unknown(const std::string& what) {
  observe::Response response;
  response.status = 404;
  response.body = what + "\n";
  return response;
}

/// The value behind "KEY=", which must be all of the query; names need no escapes.
std::optional<std::string> value_of(const std::string& query, const std::string& key) {
  if (!query.starts_with(key + "=")) return std::nullopt;
  return query.substr(key.size() + 1);
}

nlohmann::json letters_json(const records::Store& store, const records::LetterFilter& filter) {
  nlohmann::json list = nlohmann::json::array();
  if (const auto letters = store.letters(filter, kLettersShown))
    for (const records::DeadLetter& letter : *letters) list.push_back(to_json(letter));
  return list;
}

}  // namespace

observe::Response Daemon::answer_http(const observe::Request& request) {
  if (request.path == "/details.json") return details(request.query);
  if (request.path == "/events") {
    observe::Response response;
    response.content_type = "text/event-stream";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = event_of(observe::render_json(snapshot()));
    response.stream = true;
    return response;
  }
  if (observe::needs_no_snapshot(request)) return observe::route(request, {});
  const bool statistics = request.path == "/graph.json" || request.path == "/graph.dot";
  return observe::route(request, snapshot(statistics ? Sampler::With::Statistics : Sampler::With::NoStatistics));
}

void Daemon::feed_streams() {
  const auto now = monotonic_now();
  if (!http_ || http_->streams() == 0 || now < next_event_at_) return;
  http_->publish(event_of(observe::render_json(snapshot())));
  next_event_at_ = now + std::max(kStreamInterval, (monotonic_now() - now) * kStreamShare);
}

observe::Response Daemon::details(const std::string& query) {
  if (const auto name = value_of(query, "actor")) return actor_details(*name);
  if (const auto name = value_of(query, "channel")) return channel_details(*name);
  observe::Response response = unknown("ask for /details.json?actor=NAME or /details.json?channel=ACTOR.PORT");
  response.status = 400;
  return response;
}

observe::Response Daemon::actor_details(const std::string& name) {
  const auto actor = find_actor(name);
  if (!actor) return unknown("there is no such actor");
  nlohmann::json document = settings_json(plan_.actors[*actor]);
  document["actor"] = name;
  document["history"] = history_json(sampler_.actor_track(*actor));
  nlohmann::json incidents = nlohmann::json::array();
  if (const auto found = store_->incidents(name, kIncidentsShown))
    for (const records::Incident& incident : *found) {
      incidents.push_back(to_json(incident));
      incidents.back()["text"] = records::print(incident);
    }
  document["incidents"] = std::move(incidents);
  document["dead_letters"] = letters_json(*store_, {.actor = name});
  document["log"] = to_json(log::recent(name, std::nullopt, kLinesShown).lines);
  return json_response(document);
}

observe::Response Daemon::channel_details(const std::string& name) {
  const auto found = std::ranges::find(plan_.channels, name, &topology::PlannedChannel::name);
  if (found == plan_.channels.end()) return unknown("there is no such channel");
  const auto index = static_cast<std::size_t>(found - plan_.channels.begin());
  return json_response({{"channel", name},
                        {"history", history_json(sampler_.channel_track(index))},
                        {"dead_letters", letters_json(*store_, {.channel = name})}});
}

}  // namespace steady::runtime
