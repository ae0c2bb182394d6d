#include "ticker/ticker.hpp"

#include <steady/actor.hpp>

STEADY_PLUGIN(steady::ticker::Ticker)
