#include "fault.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <fstream>
#include <utility>

#include "item.hpp"
#include "kinds.hpp"

namespace steady::chaos {
namespace {

constexpr std::array<const char*, 4> kPlaces{"begin", "taken", "put", "changed"};
constexpr std::uint64_t kPassesMax = 4;

std::vector<std::string> words_in(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string word; file >> word;) words.push_back(word);
  return words;
}

/// One write, so that lines of several actors do not mix.
void append_line(const std::string& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  static_cast<void>(!::write(fd, line.data(), line.size()));
  ::close(fd);
}

}  // namespace

Fault::Fault(Actor& actor, std::vector<Place> places)
    : every_(actor, "fault_every", "0", "mean number of steps until a fault on purpose; 0: never"),
      seed_(actor, "fault_seed", "1", "each generation draws its own fault from it"),
      faults_(actor, "faults", "", "the file that lists the kinds of faults"),
      places_(std::move(places)) {}

void Fault::arm(std::uint64_t generation) {
  random_ = scramble(static_cast<std::uint64_t>(*seed_)) ^ generation;
  if (*every_ > 0) draw();
}

void Fault::draw() {
  const double uniform = (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;  // never 0, never 1
  due_ = steps_ + 1 + static_cast<std::uint64_t>(-std::log(uniform) * static_cast<double>(*every_));
  place_ = places_[random() % places_.size()];
  passes_ = place_ == Place::Begin ? 0 : random() % kPassesMax;
}

void Fault::strike() {
  const auto words = words_in(*faults_);
  if (!words.empty()) {
    const std::string& word = words[random() % words.size()];
    append_line(*faults_ + ".log", word + " " + kPlaces[static_cast<std::size_t>(place_)] + " " +
                                       std::to_string(::getpid()) + "\n");
    fail_by(word);
  }
  draw();
}

std::uint64_t Fault::random() {
  random_ = scramble(random_);
  return random_;
}

}  // namespace steady::chaos
