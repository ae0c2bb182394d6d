// Incidents and letters to test with.
#pragma once

#include <string>

#include "records/dead_letter.hpp"
#include "records/incident.hpp"

namespace steady::records {

inline Incident sample_incident(const std::string& actor = "counter") {
  return {.id = 0,
          .at_unix_ns = 1'769'904'000'123'456'789,  // 2026-02-01T00:00:00.123Z
          .actor = actor,
          .worker = "pool",
          .generation = 3,
          .cause = "crash",
          .how = "killed by signal 11 (Segmentation fault)",
          .fault_address = 0xffff'ffff'ffff'fff0,
          .backtrace = {{.address = 0x7f00'0000'1234,
                         .function = "demo::Counter::step()",
                         .file = "counter.cpp",
                         .line = 42,
                         .module = "demo.so"},
                        {.address = 0x10, .function = "", .file = "", .line = 0, .module = ""}},
          .stderr_tail = {"first", "last words"},
          .ports = {{.port = "in",
                     .input = true,
                     .channel = "source.numbers",
                     .sequence = 41,
                     .waiting = 9,
                     .head = "Number{value: 41}"},
                    {.port = "out", .input = false, .channel = "sums", .sequence = 7, .waiting = 0, .head = ""}},
          .suspect = "message 41 of source.numbers",
          .decision = "restarted: 1 of 5 used"};
}

inline DeadLetter sample_letter(std::uint64_t sequence = 41, const std::string& actor = "counter") {
  return {.id = 0,
          .state = DeadLetter::State::Moving,
          .at_unix_ns = 1'769'904'000'123'456'789,
          .actor = actor,
          .port = "in",
          .channel = "source.numbers",
          .producer = "source",
          .ring_incarnation = 0xfedc'ba98'7654'3210,
          .sequence = sequence,
          .message_hash = 0x8000'0000'0000'0001,
          .message = "Number",
          .payload = std::string("\0\xff payload", 10),
          .text = "Number{value: 41}",
          .deliveries = 3,
          .incident = 1,
          .ticket = 0};
}

}  // namespace steady::records
