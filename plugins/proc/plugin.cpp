#include <steady/actor.hpp>

#include "proc/host.hpp"

STEADY_PLUGIN(steady::proc::Host)
