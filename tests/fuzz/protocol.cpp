// The lines of the control socket: what is accepted survives being printed and read again.
#include "ipc/protocol.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace steady;
  const std::string_view line = fuzz::text_of(data, size);
  if (const auto plan = ipc::parse_worker_plan(line)) {
    const std::string printed = ipc::print(*plan);
    const auto again = ipc::parse_worker_plan(printed);
    fuzz::require(again && ipc::print(*again) == printed, "a plan survives its line");
  }
  if (const auto event = ipc::parse_event(line)) {
    const std::string printed = ipc::print(*event);
    fuzz::require(printed.find('\n') + 1 == printed.size(), "an event is one line");
    const auto again = ipc::parse_event(printed);
    fuzz::require(again && again->kind == event->kind && again->text == event->text, "an event survives its line");
  }
  static_cast<void>(ipc::parse_command(line));
  return 0;
}
