// A message that is put at the end of a channel outside any step: a dead letter that goes back, or one that an
// operator injects. Its ticket and its place in the ring become visible in one commit, so that it happens once whoever
// is killed. Whoever calls this must be the only writer of the actor's words: its worker, or steadyd while there is none.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ipc/commit.hpp"
#include "ipc/fence.hpp"
#include "ipc/layout.hpp"
#include "ipc/ring.hpp"

namespace steady::ipc {

/// Puts `payload` (of a frame: without its head) at the end of `end` and remembers `ticket`, in one commit. Counts as
/// one of the actor's calls, for those who look at its rings meanwhile. False: no room now, or a reader that contradicts
/// itself.
[[nodiscard]] bool put_back(ActorWords& words, std::span<OutputEnd* const> all_outputs, OutputEnd& end,
                            std::string_view payload, std::uint64_t ticket, FenceMode fence);

/// The ends of an actor that has no process, as its worker would map them. Loop thread of steadyd only; may block on
/// the file system.
class DormantActor {
 public:
  struct Input {
    std::string ring;
    std::string reader;
    std::string producer_bell;
  };
  struct Output {
    std::string channel;
    std::string ring;
    std::vector<std::string> readers;
    std::vector<std::string> bells;  ///< one per reader
    std::uint64_t window_bytes = 0;  ///< in flight at most; 0: as many as the ring holds
  };

  /// Maps everything and finishes an interrupted commit. Only while no process has the actor's segment mapped for
  /// writing. Errors: as the segments'; Corrupt.
  [[nodiscard]] static Result<std::unique_ptr<DormantActor>> wake(const std::string& segment,
                                                                  const std::vector<Input>& inputs,
                                                                  const std::vector<Output>& outputs);

  enum class Outcome {
    Done,    ///< it is in the ring, now or since before
    NoRoom,  ///< later
    Unfit,   ///< there is no such channel, its stream is closed, or it carries other messages
  };
  [[nodiscard]] Outcome put(const std::string& channel, std::string_view payload, std::uint64_t ticket,
                            FenceMode fence);

 private:
  DormantActor() = default;

  Mapping segment_;
  ActorWords* words_ = nullptr;
  std::vector<std::string> channels_;
  std::vector<std::unique_ptr<InputEnd>> inputs_;
  std::vector<std::unique_ptr<OutputEnd>> outputs_;
  std::vector<OutputEnd*> output_ends_;
};

}  // namespace steady::ipc
