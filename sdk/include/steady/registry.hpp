// How the members of an actor (ports, parameters, state, metrics) find each other and the host. Authors need not read on.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "steady/abi.h"
#include "steady/when.hpp"

namespace steady {

class Actor;

namespace detail {

/// A member that is bound to the host's io between construction and start.
class Member {
 public:
  Member() = default;
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  virtual void bind(steady_io& io) = 0;

 protected:
  ~Member() = default;
};

/// Everything that an actor's constructor declared, in the order of declaration.
struct Registry {
  std::vector<steady_port> ports;
  std::vector<steady_parameter> parameters;
  std::vector<steady_metric> metrics;
  std::uint64_t state_size = 0;
  std::uint32_t state_version = 0;
  std::uint32_t state_flags = 0;
  std::vector<Member*> members;
  When when;
  steady_io* io = nullptr;
  const steady_host* host = nullptr;
};

/// The registry of the actor that is being constructed or runs.
Registry& registry_of(Actor& actor);

/// The one place where an uncommitted copy of state and metrics comes to be.
inline unsigned char* touch(steady_io& io) {
  if (io.touched == 0) {
    __builtin_memcpy(io.state_next, io.state_current, io.block_size);
    io.touched = 1;
  }
  return io.state_next;
}
inline const unsigned char* current(const steady_io& io) { return io.touched != 0 ? io.state_next : io.state_current; }

}  // namespace detail
}  // namespace steady
