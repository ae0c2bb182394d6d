#include <steady/actor.hpp>

#include "demo/auditor.hpp"
#include "demo/fizzbuzz.hpp"
#include "demo/generator.hpp"

STEADY_PLUGIN(steady::demo::Generator, steady::demo::FizzBuzz, steady::demo::Auditor)
