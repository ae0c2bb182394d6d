#include <steady/actor.hpp>

#include "logs/count.hpp"
#include "logs/parse.hpp"

STEADY_PLUGIN(steady::logs::Parse, steady::logs::Count)
