#include <steady/actor.hpp>

#include "file/append.hpp"
#include "file/tail.hpp"

STEADY_PLUGIN(steady::file::Tail, steady::file::Append)
