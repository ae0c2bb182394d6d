#include "observe/exposition.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace steady::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

template <class Number>
void append_digits(std::string& text, Number value) {
  std::array<char, 32> digits;  // the shortest form of a double has at most 24
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

/// Whole numbers without an exponent, for people.
void append_number(std::string& text, double value) {
  constexpr double kExact = 1e15;  // below it every whole number is a double, and fits
  if (std::isnan(value))
    text += "NaN";
  else if (std::isinf(value))
    text += value > 0 ? "+Inf" : "-Inf";
  else if (std::abs(value) < kExact && std::trunc(value) == value)
    append_digits(text, static_cast<std::int64_t>(value));
  else
    append_digits(text, value);
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
}

/// name="value",name="value": what all lines of a series have in common.
std::string label_text(const ClientMetric& metric) {
  std::string text;
  for (const ClientMetric::Label& label : metric.label) {
    if (!text.empty()) text += ',';
    text.append(label.name).append("=\"");
    append_escaped(text, label.value);
    text += '"';
  }
  return text;
}

/// A line up to its number.
void append_head(std::string& text, std::string_view name, std::string_view suffix, std::string_view labels) {
  text.append(name).append(suffix);
  if (!labels.empty()) text.append("{").append(labels).append("}");
  text += ' ';
}

void append_bucket(std::string& text, std::string_view name, std::string_view labels, double bound,
                   std::uint64_t count) {
  text.append(name).append("_bucket{").append(labels).append(labels.empty() ? "le=\"" : ",le=\"");
  append_number(text, bound);
  text += "\"} ";
  append_digits(text, count);
  text += '\n';
}

void append_histogram(std::string& text, std::string_view name, std::string_view labels,
                      const ClientMetric::Histogram& histogram) {
  append_head(text, name, "_count", labels);
  append_digits(text, histogram.sample_count);
  text += '\n';
  append_head(text, name, "_sum", labels);
  append_number(text, histogram.sample_sum);
  text += '\n';
  for (const auto& bucket : histogram.bucket)
    append_bucket(text, name, labels, bucket.upper_bound, bucket.cumulative_count);
  // A reader asks for this one, whether or not the buckets were given with it.
  if (histogram.bucket.empty() || !std::isinf(histogram.bucket.back().upper_bound))
    append_bucket(text, name, labels, HUGE_VAL, histogram.sample_count);
}

void append_series(std::string& text, const MetricFamily& family, const ClientMetric& metric) {
  const std::string labels = label_text(metric);
  if (family.type == MetricType::Histogram) return append_histogram(text, family.name, labels, metric.histogram);
  append_head(text, family.name, "", labels);
  append_number(text, family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
  text += '\n';
}

/// Empty for what steadyd does not have.
std::string_view word(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Histogram: return "histogram";
    default: return "";
  }
}

}  // namespace

std::string write_exposition(const std::vector<MetricFamily>& families) {
  std::string text;
  for (const MetricFamily& family : families) {
    const std::string_view type = word(family.type);
    if (type.empty()) continue;
    text.append("# HELP ").append(family.name).append(" ").append(family.help).append("\n");
    text.append("# TYPE ").append(family.name).append(" ").append(type).append("\n");
    for (const ClientMetric& metric : family.metric) append_series(text, family, metric);
  }
  return text;
}

}  // namespace steady::observe
