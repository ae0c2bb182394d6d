#include "config/trigger.hpp"

#include <algorithm>
#include <span>

#include "config/did_you_mean.hpp"
#include "config/names.hpp"
#include "config/rules.hpp"

namespace steady::config {
namespace {

using namespace std::chrono_literals;

/// Far above anything that can be measured here, and still a whole number of a double.
constexpr double kLargest = 1e15;
constexpr auto kLargestSize = static_cast<std::uint64_t>(kLargest);

// What may stand after > or <, each read into the base unit of its measure.

std::optional<double> parse_percent(const std::string& text) {
  const auto percent = rules::real(0, kLargest).parse(text.substr(0, text.size() - 1));
  return percent ? std::optional(*percent / 100) : std::nullopt;
}

std::optional<double> parse_ratio(const std::string& text) {
  const auto ratio = text.ends_with('%') ? parse_percent(text) : rules::real(0, 1).parse(text);
  return ratio && *ratio <= 1 ? ratio : std::nullopt;
}

std::optional<double> parse_cores(const std::string& text) {
  return text.ends_with('%') ? parse_percent(text) : rules::real(0, kLargest).parse(text);
}

/// 0.5 of a message makes sense as a mean, so a plain number need not be whole.
std::optional<double> parse_count(const std::string& text) {
  if (const auto plain = rules::real(0, kLargest).parse(text)) return plain;
  const auto size = rules::size(0, kLargestSize).parse(text);
  return size && !text.ends_with('B') ? std::optional(static_cast<double>(*size)) : std::nullopt;
}

std::optional<double> parse_per_second(const std::string& text) {
  return parse_count(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
}

std::optional<double> parse_bytes(const std::string& text) {
  const auto size = rules::size(0, kLargestSize).parse(text);
  return size ? std::optional(static_cast<double>(*size)) : std::nullopt;
}

std::optional<double> parse_seconds(const std::string& text) {
  const auto time = rules::duration(0ns, 24h).parse(text);
  return time ? std::optional(std::chrono::duration<double>(*time).count()) : std::nullopt;
}

struct Values {
  const char* expected;
  std::optional<double> (*parse)(const std::string&);
};
constexpr Values kRatio{"a ratio from 0 to 1 such as 80% or 0.8", &parse_ratio};
constexpr Values kCores{"cores such as 90% or 2.5", &parse_cores};
constexpr Values kMessages{"a number of messages such as 500 or 10k", &parse_count};
constexpr Values kPerSecond{"a number per second such as 500 or 10k/s", &parse_per_second};
constexpr Values kBytes{"a size such as 512MiB", &parse_bytes};
constexpr Values kSeconds{"a duration of at most 24h such as 5ms or 1.5s", &parse_seconds};

struct MeasureWord {
  const char* name;
  Measure measure;
  const Values& values;
};
constexpr MeasureWord kOfChannel[] = {{"fill", Measure::Fill, kRatio},
                                      {"inflight", Measure::Inflight, kMessages},
                                      {"rate", Measure::Rate, kPerSecond},
                                      {"latency", Measure::Latency, kSeconds}};
constexpr MeasureWord kOfActor[] = {{"cpu", Measure::Cpu, kCores},
                                    {"memory", Measure::Memory, kBytes},
                                    {"step", Measure::Step, kSeconds},
                                    {"batch", Measure::Batch, kMessages},
                                    {"steps", Measure::Steps, kPerSecond},
                                    {"blocked", Measure::Blocked, kRatio},
                                    {"idle", Measure::Idle, kRatio}};

std::span<const MeasureWord> words_of(TriggerOf of) {
  if (of == TriggerOf::Channel) return kOfChannel;
  return kOfActor;
}

const MeasureWord* find_measure(std::string_view name, TriggerOf of) {
  const auto words = words_of(of);
  const auto name_of = [](const MeasureWord& word) { return std::string_view(word.name); };
  const auto found = std::ranges::find(words, name, name_of);
  return found == words.end() ? nullptr : &*found;
}

std::string no_such_measure(std::string_view name, TriggerOf of) {
  const bool channel = of == TriggerOf::Channel;
  std::vector<std::string> names;
  for (const MeasureWord& word : words_of(of)) names.emplace_back(word.name);
  std::string expected = "expected a measure of ";
  expected += channel ? "a channel: " : "an actor: ";
  for (std::size_t i = 0; i < names.size(); ++i)
    expected += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  if (find_measure(name, channel ? TriggerOf::Actor : TriggerOf::Channel) != nullptr)
    return expected + ", found " + quote(name) + ", which only " + (channel ? "an actor" : "a channel") + " has";
  return expected + ", found " + quote(name) + did_you_mean(name, names);
}

struct AggregateWord {
  const char* name;
  Aggregate::Kind kind;
};
constexpr AggregateWord kAggregates[] = {{"now", Aggregate::Kind::Now}, {"mean", Aggregate::Kind::Mean},
                                         {"min", Aggregate::Kind::Min}, {"max", Aggregate::Kind::Max},
                                         {"deviation", Aggregate::Kind::Deviation}};

/// What the same is called elsewhere; no spelling is near enough to guess them.
struct Synonym {
  std::string_view name;
  const char* ours;
};
constexpr Synonym kSynonyms[] = {{"stddev", "deviation"}, {"average", "mean"}, {"avg", "mean"}, {"median", "p50"}};

std::optional<Aggregate> parse_aggregate(std::string_view name) {
  for (const AggregateWord& word : kAggregates)
    if (name == word.name) return Aggregate{word.kind, 0};
  if (!name.starts_with('p')) return std::nullopt;
  const auto percent = rules::real(0, 100).parse(std::string(name.substr(1)));
  return percent ? std::optional(Aggregate{Aggregate::Kind::Percentile, *percent}) : std::nullopt;
}

std::string no_such_aggregate(std::string_view name) {
  const std::string message =
      "expected now, mean, min, max, deviation or pN with N from 0 to 100 such as p99.9, found " + quote(name);
  for (const Synonym& synonym : kSynonyms)
    if (name == synonym.name) return message + ", did you mean '" + synonym.ours + "'?";
  std::vector<std::string> names;
  for (const AggregateWord& word : kAggregates) names.emplace_back(word.name);
  return message + did_you_mean(name, names);
}

std::string no_condition(std::string_view text, TriggerOf of) {
  const char* const example = of == TriggerOf::Channel ? "'fill.p90 > 80%'" : "'cpu.mean > 90%'";
  return std::string("expected MEASURE[.AGGREGATE] > VALUE, or <, such as ") + example + ", found " + quote(text);
}

}  // namespace

Result<Trigger> parse_when(std::string_view text, TriggerOf of) {
  const std::size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) return fail(ErrorCode::Invalid, no_condition(text, of));
  if (text.substr(sign + 1).starts_with('='))
    return fail(ErrorCode::Invalid, "expected > or <, found " + quote(text.substr(sign, 2)));
  const std::string_view left = trimmed(text.substr(0, sign));
  const std::string value(trimmed(text.substr(sign + 1)));
  const std::size_t dot = std::min(left.find('.'), left.size());
  const MeasureWord* const measure = find_measure(left.substr(0, dot), of);
  if (measure == nullptr) return fail(ErrorCode::Invalid, no_such_measure(left.substr(0, dot), of));

  Trigger trigger;
  trigger.measure = measure->measure;
  trigger.above = text[sign] == '>';
  trigger.when = std::string(left) + (trigger.above ? " > " : " < ") + value;
  if (dot < left.size()) {
    const auto aggregate = parse_aggregate(left.substr(dot + 1));
    if (!aggregate) return fail(ErrorCode::Invalid, no_such_aggregate(left.substr(dot + 1)));
    trigger.aggregate = *aggregate;
  }
  const auto threshold = measure->values.parse(value);
  if (!threshold)
    return fail(ErrorCode::Invalid, std::string("expected ") + measure->values.expected + ", found " + quote(value));
  trigger.threshold = *threshold;
  return trigger;
}

}  // namespace steady::config
