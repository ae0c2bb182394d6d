// Lists of CPUs and NUMA nodes as the kernel and people write them: "0,2-3". Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steady {

/// The most CPUs that Linux can be built for.
inline constexpr unsigned kMostCpus = 8192;

/// Ascending, each once. Empty when the text is no such list: reversed ranges, signs, leading zeros, numbers from
/// kMostCpus on. A text without any number is the empty list.
[[nodiscard]] std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text);

/// The shortest form of an ascending list.
[[nodiscard]] std::string format_cpu_list(const std::vector<unsigned>& cpus);

}  // namespace steady
