#include "runtime/blame.hpp"

namespace steady::runtime {

unsigned Blame::note_death(const std::optional<Suspect>& suspect) {
  if (!suspect) {
    forget();
    unexplained_ = 1;
    return 0;
  }
  if (suspect_ && *suspect_ != *suspect) unexplained_ = 0;
  if (suspect_ != suspect) deaths_ = 0;
  suspect_ = suspect;
  return ++deaths_;
}

}  // namespace steady::runtime
