// Actors that have nothing to do: what a graph of them costs is what workers cost.
#include <cstdint>
#include <steady/actor.hpp>

namespace quiet {

struct Word {
  std::uint64_t number;
};
BOOST_DESCRIBE_STRUCT(Word, (), (number))

class Talker final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"talker", "Says a word at most once an hour."};

  Talker() { run_when(steady::every(std::chrono::hours(1))); }

  void step() override { words_.put(Word{0}); }

 private:
  steady::Output<Word> words_{*this, "words", "what it says"};
};

class Listener final : public steady::Actor {
 public:
  static constexpr steady::About kAbout{"listener", "Takes what is said."};

  void step() override { words_.take(); }

 private:
  steady::Input<Word> words_{*this, "words", "what is said"};
};

}  // namespace quiet

STEADY_PLUGIN(quiet::Talker, quiet::Listener)
