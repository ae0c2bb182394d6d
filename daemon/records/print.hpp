// An incident as people read it, in the log and from steadyctl. Pure functions; any thread.
#pragma once

#include <string>

#include "records/incident.hpp"

namespace steady::records {

/// One block of lines, each ended by a newline: a header, then below it, indented, whatever is known. What is not known
/// takes no line. Control characters become blanks, so that a plugin's text can neither add lines nor move a cursor.
[[nodiscard]] std::string print(const Incident& incident);

}  // namespace steady::records
