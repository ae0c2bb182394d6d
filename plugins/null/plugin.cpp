#include "null/null.hpp"

#include <steady/actor.hpp>

STEADY_PLUGIN(steady::null::Null)
