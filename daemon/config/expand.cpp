#include "config/expand.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "config/names.hpp"

namespace steady::config {
namespace {

constexpr std::size_t kLongestResult = 64 * 1024;

bool is_variable(std::string_view text) {
  return is_name(text) && text.find('-') == std::string_view::npos;
}

/// The value of what stands between the braces.
Result<std::string> value_of(std::string_view reference, const Environment& environment) {
  const std::size_t separator = reference.find(":-");
  const std::string_view name = reference.substr(0, separator);
  if (!is_variable(name))
    return fail(ErrorCode::Invalid, "expected ${VAR} or ${VAR:-default}, found " +
                                        quote("${" + std::string(reference) + "}") + "; write $$ for a literal $");
  if (reference.find("${") != std::string_view::npos)
    return fail(ErrorCode::Invalid, "a default cannot hold another ${VAR}");
  const auto found = environment.find(name);
  const bool has_default = separator != std::string_view::npos;
  if (found != environment.end() && !(has_default && found->second.empty())) return found->second;
  if (has_default) return std::string(reference.substr(separator + 2));
  return fail(ErrorCode::Invalid, "the variable " + quote(name) + " is not set; set it, or give a default as in ${" +
                                      std::string(name) + ":-default}");
}

}  // namespace

Environment process_environment() {
  Environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Result<std::string> expand(std::string_view text, const Environment& environment) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos)
        return fail(ErrorCode::Invalid, "'${' has no closing '}'; write $$ for a literal $");
      auto value = value_of(text.substr(2, end - 2), environment);
      if (!value) return tl::unexpected(std::move(value.error()));
      out += *value;
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      out += '$';
      text.remove_prefix(text.starts_with("$$") ? 2 : 1);
    }
    if (out.size() > kLongestResult) return fail(ErrorCode::Invalid, "the value is longer than 64KiB");
  }
  return out;
}

}  // namespace steady::config
