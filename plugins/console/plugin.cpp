#include "console/console.hpp"

#include <steady/actor.hpp>

STEADY_PLUGIN(steady::console::Console)
