#include "observe/user_metrics.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "observe/snapshot.hpp"

namespace steady::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The suffix says what a metric is, so two kinds never meet under one name.
std::string family_name(const UserMetric& metric) {
  constexpr std::string_view kCounterSuffix = "_total";
  std::string name = "steady_user_" + metric.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_character(c); }, '_');
  while (name.ends_with(kCounterSuffix)) name.resize(name.size() - kCounterSuffix.size());
  if (metric.counter) name += kCounterSuffix;
  return name;
}

/// The serializer writes help texts as they are: a line break or a backslash would end the whole scrape. An empty text
/// is no error, but nobody learns from it.
std::string family_help(const UserMetric& metric) {
  if (metric.help.empty())
    return "The actor's own metric " + std::string(metric.counter ? "(a counter)." : "(a gauge).");
  std::string help = metric.help;
  std::replace_if(
      help.begin(), help.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  std::replace(help.begin(), help.end(), '\\', '/');
  return help;
}

/// Series come actor by actor: if there is one of this actor, it is the last.
bool ends_with_series_of(const MetricFamily& family, const std::string& actor) {
  return !family.metric.empty() && family.metric.back().label.front().value == actor;
}

ClientMetric series(const std::string& actor, const UserMetric& metric) {
  ClientMetric result;
  result.label.push_back({"actor", actor});
  if (metric.counter)
    result.counter.value = metric.value;
  else
    result.gauge.value = metric.value;
  return result;
}

}  // namespace

std::vector<MetricFamily> user_metrics(const Snapshot& snapshot) {
  std::map<std::string, MetricFamily> families;
  for (const auto& actor : snapshot.actors) {
    for (const auto& metric : actor.metrics) {
      const auto name = family_name(metric);
      const auto type = metric.counter ? MetricType::Counter : MetricType::Gauge;
      auto& family = families.try_emplace(name, MetricFamily{name, family_help(metric), type, {}}).first->second;
      if (!ends_with_series_of(family, actor.name)) family.metric.push_back(series(actor.name, metric));
    }
  }
  std::vector<MetricFamily> result;
  for (auto& [name, family] : families) result.push_back(std::move(family));
  return result;
}

}  // namespace steady::observe
