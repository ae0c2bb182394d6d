#include "null/null.hpp"

namespace steady::null {

void Null::step() {
  for (auto lane : items_) count_.add(lane.discard());
}

}  // namespace steady::null
