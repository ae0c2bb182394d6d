#include <steady/actor.hpp>

#include "relay.hpp"
#include "sink.hpp"
#include "source.hpp"

using steady::Frame;
using namespace steady::chaos;

STEADY_PLUGIN(Source<Item>, Source<Frame>, Relay<Item>, Relay<Frame>, Sink)
