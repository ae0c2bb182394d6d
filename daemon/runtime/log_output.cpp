#include "runtime/log_output.hpp"

#include <unistd.h>

// Where in steadyd a line was written says nothing: it would be the same place for all of them.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace steady::runtime {
namespace {

/// sd_journal_sendv() says nothing when nobody listens here, and the line would be lost.
constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

}  // namespace

log::Format log_format(config::LogFormat format) {
  switch (format) {
    case config::LogFormat::Human:
      return log::Format::Human;
    case config::LogFormat::Json:
      return log::Format::Json;
    case config::LogFormat::Journald:
      return log::Format::Journald;
    case config::LogFormat::Auto:
      break;
  }
  return log::Format::Auto;
}

void use_log_format(log::Format format) {
  const log::JournalSend send = ::access(kJournalSocket, W_OK) == 0 ? &sd_journal_sendv : nullptr;
  if (const auto set = log::set_format(format, send); set) return;
  static_cast<void>(log::set_format(log::Format::Human, send));
  log::warn("The log is written to stderr: there is no journal", {{"socket", kJournalSocket}});
}

}  // namespace steady::runtime
