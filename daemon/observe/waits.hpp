// Who waits for whom, and who is at the end of it. Pure; any thread.
//
// An actor that finds no room waits for the reader of its channel; one that finds no input waits for the producers of
// its empty inputs. Following that from an actor that is held back leads to the one that holds back: it works, waits for
// its timer, or does not run. Chains that begin with a wait for input only are idleness, not back-pressure, and have no
// culprit.
//
// The rules, for each actor by itself:
// 1. One that does not run or was stopped by a signal waits for nobody, and one that has finished holds nobody back.
// 2. Waits shorter than kHeldBack do not count. Of room and input the longer one decides; the other only if the longer
//    leads nowhere. A ring that is full again and again says that its reader is slower, however much else the actor
//    does; so a wait for room counts beside any work and any timer, one for input only if it is not shorter than that
//    for a timer.
// 3. For room it waits for the reader of the channel that blocked it longest; of several readers, of the fullest. One
//    that steps, and still waits for input half of the time or more while no other lane of it is short, keeps up: the two
//    take turns, as on a machine with too few cores, and neither holds the other back.
// 4. For input it waits for the producer of an open lane that was less than half full; of several, only those that are
//    empty now count, if any is. A lane that holds its own producer back is none of these: there the actor wants more
//    than the ring has.
// 5. Where 3 or 4 leave a choice, the shortest way to a culprit is taken: of two producers that are both late, the one
//    that is not itself waiting for somebody. What differs by less than kSame is the same; then the first lane counts.
// A chain that comes back to itself is a circle, and 5 says that there was no other way. It is a deadlock if each of its
// actors waited for room or input all of the last second (kStuck) and committed nothing; whoever waits for a deadlock
// has no culprit. If something still moves in it, its culprit is the actor that waits least.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace steady::observe {

/// The least part of a second that counts as a wait: more than wake-ups and a busy machine cost an actor that nothing
/// holds back, and less than anyone would call slow.
inline constexpr double kHeldBack = 0.1;
/// Two ratios that are closer than this are the same, so that the answer does not change with the noise of a second.
inline constexpr double kSame = 0.05;
/// From here on it waited all of the second; the rest is for the edges of what was measured.
inline constexpr double kStuck = 0.95;

/// What the last second looked like, by index. Ratios are parts of that second, 0 to 1; others are cut to that.
struct WaitView {
  struct Actor {
    std::string name;
    bool runs = true;          ///< its process lives and is ready
    bool finished = false;     ///< its streams have ended
    std::string state;         ///< one of kActorStates; for words
    double input_ratio = 0;    ///< it waited for input
    double room_ratio = 0;     ///< it waited for room
    double timer_ratio = 0;    ///< it waited for its timer
    bool stepped = false;      ///< it committed a step
    bool in_call = false;      ///< it is in its own code now
    bool frozen = false;       ///< somebody has stopped its process with a signal
  };
  /// One reader of a channel. A reader that its producer does not wait for (`when_down: detach`, or a channel that
  /// drops) is left out, or its blocked_ratio is 0.
  struct Lane {
    std::string channel;
    std::size_t producer = 0;
    std::size_t reader = 0;    ///< index into actors; a lane with an index that is none is ignored
    double fill = 0;           ///< 0 to 1, mean
    double blocked_ratio = 0;  ///< the producer waited for room on this channel
    bool empty = true;         ///< nothing waits for this reader now
    bool closed = false;       ///< nothing more will come
  };
  std::vector<Actor> actors;
  std::vector<Lane> lanes;
};

/// The next link of a chain.
struct WaitsFor {
  std::size_t actor = 0;  ///< whom
  std::size_t lane = 0;   ///< on which lane
  bool room = true;       ///< for room there; false: for input
};

struct WaitGraph {
  std::vector<std::optional<WaitsFor>> waits_for;    ///< per actor that is held back, directly or as a link of a chain
  std::vector<std::optional<std::size_t>> culprits;  ///< per such actor: who is at the end of its chain; never itself
  struct Culprit {
    std::size_t actor = 0;
    std::string why;                      ///< words that follow its name
    std::vector<std::size_t> holds_back;  ///< actors, nearest first, then by index; never empty
    double blocked_ratio = 0;             ///< the largest room_ratio among them
  };
  /// The worst first: by blocked_ratio in tenths, by the number of actors it holds back, by index.
  std::vector<Culprit> bottlenecks;
  struct Circle {
    std::vector<std::size_t> actors;  ///< each waits for the next, the last for the first, which has the lowest index
    std::vector<std::size_t> lanes;   ///< lanes[i] is what actors[i] waits on
  };
  std::vector<Circle> deadlocks;  ///< by their first actors
};

/// Takes time linear in actors and lanes but for sorting.
[[nodiscard]] WaitGraph analyse(const WaitView& view);

}  // namespace steady::observe
