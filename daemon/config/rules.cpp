#include "config/rules.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include "base/cpu_list.hpp"
#include "base/units.hpp"
#include "config/names.hpp"

namespace steady::config::rules {
namespace {

using std::chrono::nanoseconds;

/// "010" is 8 to YAML 1.1 and 10 to a reader: refused rather than guessed.
bool has_leading_zero(std::string_view text) {
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
  Number number{};
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return number;
}

std::string plain(double number) {
  std::ostringstream out;
  out << number;
  return out.str();
}

template <class T>
Rule<T> one_of(std::vector<std::pair<std::string, T>> table, std::vector<std::string> later = {}) {
  Rule<T> rule;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (i > 0) rule.expected += i + 1 == table.size() ? " or " : ", ";
    rule.expected += table[i].first;
    rule.choices.push_back(table[i].first);
  }
  rule.later = std::move(later);
  rule.parse = [table = std::move(table)](const std::string& text) -> std::optional<T> {
    const auto found = std::ranges::find(table, text, &std::pair<std::string, T>::first);
    if (found == table.end()) return std::nullopt;
    return found->second;
  };
  return rule;
}

bool is_address(std::string_view host) {
  unsigned char binary[16];
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return ::inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), binary) == 1;
  return ::inet_pton(AF_INET, std::string(host).c_str(), binary) == 1;
}

std::optional<std::string> parse_listen(const std::string& text) {
  if (text == "off") return text;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || !is_address(std::string_view(text).substr(0, colon))) return std::nullopt;
  const std::string_view port = std::string_view(text).substr(colon + 1);
  if (has_leading_zero(port) || !whole_text<std::uint16_t>(port)) return std::nullopt;
  return text;
}

/// Not more than what is surely wrong: the rest is for who resolves the name and for the server.
std::optional<std::string> parse_http_url(const std::string& text) {
  const std::string_view scheme = text.starts_with("https://") ? "https://" : "http://";
  const bool odd = std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  const bool has_host = text.starts_with(scheme) && text.size() > scheme.size() && text[scheme.size()] != '/';
  return odd || !has_host ? std::nullopt : std::optional(text);
}

std::optional<Shutdown> parse_shutdown(const std::string& text) {
  if (text == "brutal_kill") return Shutdown{nanoseconds(0)};
  if (text == "infinity") return Shutdown{std::nullopt};
  const auto grace = parse_duration(text);
  if (has_leading_zero(text) || !grace || *grace <= nanoseconds(0) || *grace > std::chrono::hours(24))
    return std::nullopt;
  return Shutdown{*grace};
}

}  // namespace

Rule<std::string> name(const std::string& what) {
  return {what + " (a letter or _, then letters, digits, _ or -; at most 63)",
          [](const std::string& found) { return is_name(found) ? std::optional(found) : std::nullopt; }};
}

Rule<std::string> text(const std::string& what) {
  return {what, [](const std::string& found) { return found.empty() ? std::nullopt : std::optional(found); }};
}

Rule<bool> boolean() {
  return one_of<bool>({{"true", true}, {"false", false}});
}

Rule<std::uint64_t> integer(std::uint64_t min, std::uint64_t max) {
  const auto parse = [min, max](const std::string& found) -> std::optional<std::uint64_t> {
    const auto number = whole_text<std::uint64_t>(found);
    if (has_leading_zero(found) || !number || *number < min || *number > max) return std::nullopt;
    return number;
  };
  return {"a whole number from " + std::to_string(min) + " to " + std::to_string(max), parse};
}

Rule<double> real(double min, double max) {
  const auto parse = [min, max](const std::string& found) -> std::optional<double> {
    if (found.find_first_not_of("0123456789.") != std::string::npos) return std::nullopt;
    const auto number = whole_text<double>(found);
    if (has_leading_zero(found) || !number || !(*number >= min && *number <= max)) return std::nullopt;
    return number;
  };
  return {"a decimal number from " + plain(min) + " to " + plain(max), parse};
}

Rule<std::uint64_t> size(std::uint64_t min, std::uint64_t max) {
  const auto parse = [min, max](const std::string& found) -> std::optional<std::uint64_t> {
    const auto number = parse_size(found);
    if (has_leading_zero(found) || !number || *number < min || *number > max) return std::nullopt;
    return *number;
  };
  return {"a size from " + format_size(min) + " to " + format_size(max) + " such as 512 or 64Ki", parse};
}

Rule<nanoseconds> duration(nanoseconds min, nanoseconds max) {
  const auto parse = [min, max](const std::string& found) -> std::optional<nanoseconds> {
    const auto parsed = parse_duration(found);
    if (has_leading_zero(found) || !parsed || *parsed < min || *parsed > max) return std::nullopt;
    return *parsed;
  };
  return {"a duration from " + format_duration(min) + " to " + format_duration(max) + " such as 20ms or 1.5s", parse};
}

Rule<Shutdown> shutdown() {
  return {"brutal_kill, infinity or a duration of at most 24h such as 5s", parse_shutdown, {"brutal_kill", "infinity"}};
}

Rule<std::optional<nanoseconds>> watchdog() {
  const Rule<nanoseconds> timed = duration(std::chrono::milliseconds(10), std::chrono::hours(24));
  const auto parse = [timed](const std::string& found) -> std::optional<std::optional<nanoseconds>> {
    if (found == "off") return std::optional<nanoseconds>();
    if (const auto time = timed.parse(found)) return std::optional(time);
    return std::nullopt;
  };
  return {"off or " + timed.expected, parse, {"off"}};
}

Rule<std::string> listen() {
  return {"ADDRESS:PORT such as 127.0.0.1:9900 or '[::1]:9900', or off", parse_listen};
}

Rule<std::string> http_url() {
  return {"a URL such as http://127.0.0.1:4318/v1/metrics", parse_http_url};
}

Rule<std::vector<unsigned>> cpus() {
  const auto parse = [](const std::string& found) -> std::optional<std::vector<unsigned>> {
    auto list = parse_cpu_list(found);
    return list && !list->empty() ? std::move(list) : std::nullopt;
  };
  return {"a CPU such as 2 or a range such as 0-3, below " + std::to_string(kMostCpus), parse};
}

Rule<int> nice() {
  const auto parse = [](const std::string& found) -> std::optional<int> {
    const auto number = whole_text<int>(found);
    const bool odd = has_leading_zero(std::string_view(found).substr(found.starts_with('-') ? 1 : 0)) || found == "-0";
    return odd || !number || *number < -20 || *number > 19 ? std::nullopt : number;
  };
  return {"a whole number from -20 to 19", parse};
}

Rule<unsigned> numa_node() {
  const Rule<std::uint64_t> number = integer(0, 1023);
  const auto parse = [number](const std::string& found) -> std::optional<unsigned> {
    const auto node = number.parse(found);
    return node ? std::optional(static_cast<unsigned>(*node)) : std::nullopt;
  };
  return {"the number of a NUMA node, from 0 to 1023", parse};
}

Rule<RealTime> real_time() {
  return one_of<RealTime>({{"fifo", RealTime::Fifo}, {"rr", RealTime::RoundRobin}});
}

Rule<Restart> restart() {
  return one_of<Restart>(
      {{"permanent", Restart::Permanent}, {"transient", Restart::Transient}, {"temporary", Restart::Temporary}});
}

Rule<Strategy> strategy() {
  return one_of<Strategy>({{"one_for_one", Strategy::OneForOne},
                           {"one_for_all", Strategy::OneForAll},
                           {"rest_for_one", Strategy::RestForOne}});
}

Rule<Wait> wait() {
  return one_of<Wait>({{"block", Wait::Block}, {"adaptive", Wait::Adaptive}, {"spin", Wait::Spin}});
}

Rule<Life> actor_life() {
  return one_of<Life>({{"memory", Life::Memory}, {"disk", Life::Disk}});
}

Rule<Life> channel_life() {
  return one_of<Life>({{"memory", Life::Memory}}, {"disk"});
}

Rule<WhenFull> when_full() {
  return one_of<WhenFull>({{"block", WhenFull::Block}}, {"drop_new"});
}

Rule<OnGiveUp> on_give_up() {
  return one_of<OnGiveUp>({{"degrade", OnGiveUp::Degrade}, {"exit", OnGiveUp::Exit}});
}

Rule<Poison> poison() {
  return one_of<Poison>({{"dead_letter", Poison::DeadLetter}, {"stop", Poison::Stop}, {"keep", Poison::Keep}});
}

Rule<AutoShutdown> auto_shutdown() {
  return one_of<AutoShutdown>({{"never", AutoShutdown::Never},
                               {"any_significant", AutoShutdown::AnySignificant},
                               {"all_significant", AutoShutdown::AllSignificant}});
}

Rule<LogFormat> log_format() {
  return one_of<LogFormat>({{"auto", LogFormat::Auto},
                            {"human", LogFormat::Human},
                            {"json", LogFormat::Json},
                            {"journald", LogFormat::Journald}});
}

Rule<Colour> colour() {
  return one_of<Colour>({{"yellow", Colour::Yellow}, {"orange", Colour::Orange}, {"red", Colour::Red}});
}

}  // namespace steady::config::rules
