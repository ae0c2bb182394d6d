#include "observe/show_value.hpp"

#include <fmt/format.h>

#include <span>

namespace steady::observe {
namespace {

struct Scale {
  double from;  ///< values from here on are shown in this unit
  const char* unit;
};
constexpr Scale kTimes[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
constexpr Scale kSizes[] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}};

/// Three digits and all whole ones; never an exponent, so what is next to nothing is nothing.
std::string number(double value) {
  if (value < 0.001) return "0";
  return value < 100 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value);
}

std::string scaled(double value, std::span<const Scale> scales) {
  for (const Scale& scale : scales)
    if (value >= scale.from) return number(value / scale.from) + scale.unit;
  return std::string("0") + scales.back().unit;
}

std::string time(double value) { return scaled(value, kTimes); }
std::string size(double value) { return scaled(value, kSizes); }
std::string percent(double value) { return number(value * 100) + "%"; }
std::string per_second(double value) { return number(value) + "/s"; }

struct Form {
  std::string_view measure;
  std::string (*show)(double);
};
constexpr Form kForms[] = {{"fill", &percent},    {"inflight", &number}, {"rate", &per_second}, {"latency", &time},
                           {"cpu", &percent},     {"memory", &size},     {"step", &time},       {"batch", &number},
                           {"steps", &per_second}, {"blocked", &percent}, {"idle", &percent}};

}  // namespace

std::string show_value(std::string_view when, double value) {
  const std::string_view measure = when.substr(0, when.find_first_of(". "));
  for (const Form& form : kForms)
    if (form.measure == measure) return form.show(value);
  return number(value);
}

}  // namespace steady::observe
