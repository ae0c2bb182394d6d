// Layouts of fixed-size messages: their sizes, when two of them agree, and how people read them. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "topology/description.hpp"

namespace steady::topology {

/// Bytes of one element; 0 for what is no field type.
[[nodiscard]] std::uint64_t size_of_field_type(std::string_view type);

/// Whether one side may read what the other wrote. Described on both sides: the same size and fields, whatever the
/// names of the messages. Otherwise: the same size and name.
[[nodiscard]] bool agree(const Message& a, const Message& b);

/// "Number{value: u64} of 8 bytes"; with `offsets`, "Number{value: u64 at 0} of 8 bytes".
[[nodiscard]] std::string layout(const Message& message, bool offsets = false);

}  // namespace steady::topology
