// What a dying worker leaves behind: its signal, its stack as raw addresses, and where its code was mapped. One page of
// memory per process, made by steadyd before the spawn, written by the worker's signal handler, read by steadyd.
//
// SYNC(crash): the handler fills the words, then stores `state` with release; steadyd loads it with acquire.
//   Forbidden: 1. handler says Complete  2. steadyd reads frames of nothing.
//   A process that dies in its handler leaves Writing; then only the signal of its death is known.
//   A stack that was asked for is overwritten by the next one and by a crash: Writing and a higher sequence come first,
//   behind a release fence, so a copy that holds any new word is seen to be torn.
#pragma once

#include <signal.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ipc/layout.hpp"
#include "ipc/segment.hpp"

namespace steady::ipc {

/// steadyd asks a thread for its stack with this signal, which nothing else on Linux uses; the process goes on.
inline constexpr int kStackSignal = SIGSTKFLT;

inline constexpr std::size_t kCrashFramesMax = 128;
inline constexpr std::size_t kCrashMapsBytes = 64 * 1024;

enum class CrashState : std::uint64_t { Empty, Writing, Complete };

/// All words by the worker.
struct CrashPage {
  SegmentHeader header;
  alignas(kPad) Word state;   ///< CrashState. SYNC(crash)
  Word sequence;              ///< counts the reports: tells an answer to a new request from the one before. SYNC(crash)
  std::uint64_t signal;       ///< that was caught; kStackSignal: steadyd asked for the stack; 0: an exception left the actor
  std::uint64_t code;         ///< si_code
  std::uint64_t fault_address;
  std::uint64_t actor;        ///< index into the plan's actors plus 1, or 0: a thread that is no actor's
  std::uint64_t frame_count;
  std::uint64_t frames[kCrashFramesMax];  ///< return addresses, innermost first
  std::uint64_t maps_bytes;
  char maps[kCrashMapsBytes];  ///< the lines of /proc/self/maps that are executable
};
static_assert(std::is_trivially_destructible_v<CrashPage> && std::is_standard_layout_v<CrashPage>);

/// A checked copy.
struct CrashReport {
  std::uint64_t sequence = 0;        ///< grows with every report of this process
  int signal = 0;                    ///< 0: an exception left the actor, or the page said the impossible
  int code = 0;
  std::uint64_t fault_address = 0;
  std::optional<std::size_t> actor;  ///< index into the plan's actors; written by the worker, so look before using it
  std::vector<std::uint64_t> frames;
  std::string maps;
};

/// Makes an empty page in memory. Errors: Exhausted, System.
[[nodiscard]] Result<UniqueFd> create_crash_page();

/// The worker's mapping, for as long as the process lives. Errors as map_segment.
[[nodiscard]] Result<CrashPage*> map_crash_page(int fd);

/// steadyd's view of one worker's page. Movable; loop thread only.
class CrashView {
 public:
  /// Errors as map_segment.
  [[nodiscard]] static Result<CrashView> open(int fd);
  [[nodiscard]] CrashState state() const;
  /// The report once it is Complete. Every value is checked; one that is impossible is cut off or left out. Empty also
  /// while a newer report is being written: ask again.
  [[nodiscard]] std::optional<CrashReport> report() const;

 private:
  Mapping mapping_;
};

}  // namespace steady::ipc
