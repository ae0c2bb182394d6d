#include "config/model.hpp"

#include <algorithm>
#include <tuple>

namespace steady::config {

std::string Diagnostic::text() const {
  std::string out = position.file;
  if (position.line > 0) out += ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
  if (!key.empty()) out += ": " + key;
  return out + ": " + message;
}

std::string print(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) out += diagnostic.text() + "\n";
  return out;
}

void sort(Diagnostics& diagnostics, const std::string& first_file) {
  const auto place = [&](const Diagnostic& diagnostic) {
    const Position& position = diagnostic.position;
    return std::tuple(position.file != first_file, std::string_view(position.file), position.line, position.column);
  };
  std::ranges::stable_sort(diagnostics, [&](const auto& a, const auto& b) { return place(a) < place(b); });
  const auto repeated =
      std::ranges::unique(diagnostics, [](const auto& a, const auto& b) { return a.text() == b.text(); });
  diagnostics.erase(repeated.begin(), repeated.end());
}

const Actor* Graph::find_actor(std::string_view actor_name) const {
  const auto found = std::ranges::find(actors, actor_name, &Actor::name);
  return found == actors.end() ? nullptr : &*found;
}

}  // namespace steady::config
