#include "base/cpu_list.hpp"

#include <algorithm>
#include <charconv>

namespace steady {
namespace {

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = result.ec == std::errc{} && result.ptr == text.data() + text.size();
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  return whole && !leading_zero && number < kMostCpus ? std::optional(number) : std::nullopt;
}

/// "2" or "2-5" is added to `out`; false when it is neither.
bool add_range(std::string_view text, std::vector<unsigned>& out) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *first > *last) return false;
  for (unsigned number = *first; number <= *last; ++number) out.push_back(number);
  return true;
}

}  // namespace

std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::vector<unsigned> cpus;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (!add_range(text.substr(0, comma), cpus) || comma + 1 == text.size()) return std::nullopt;
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  std::ranges::sort(cpus);
  cpus.erase(std::ranges::unique(cpus).begin(), cpus.end());
  return cpus;
}

std::string format_cpu_list(const std::vector<unsigned>& cpus) {
  std::string out;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    out += (out.empty() ? "" : ",") + std::to_string(cpus[i]);
    if (end - i > 1) out += "-" + std::to_string(cpus[end - 1]);
    i = end;
  }
  return out;
}

}  // namespace steady
