#include "control/ctl/top_view.hpp"

#include <algorithm>
#include <array>

namespace steady::control {
namespace {

constexpr std::array<std::string_view, 8> kSortKeys{"bottleneck", "name", "cpu",     "memory",
                                                    "rate",       "fill", "latency", "restarts"};
constexpr char kControlC = 3;

void type(View& view, const Key& key) {
  switch (key.kind) {
    case Key::Kind::Character:
      if (static_cast<unsigned char>(key.character) >= ' ') view.filter += key.character;
      break;
    case Key::Kind::Backspace:  // a character of UTF-8 may have several bytes
      while (!view.filter.empty() && (static_cast<unsigned char>(view.filter.back()) & 0xc0) == 0x80)
        view.filter.pop_back();
      if (!view.filter.empty()) view.filter.pop_back();
      break;
    case Key::Kind::Escape:
      view.filter.clear();
      view.typing = false;
      break;
    case Key::Kind::Enter:
      view.typing = false;
      break;
    default:
      break;
  }
}

void scroll(View& view, Key::Kind kind, std::size_t page) {
  const auto up = [&](std::size_t lines) { view.scroll -= std::min(view.scroll, lines); };
  switch (kind) {
    case Key::Kind::Up:
      return up(1);
    case Key::Kind::PageUp:
      return up(page);
    case Key::Kind::Home:
      return up(view.scroll);
    case Key::Kind::Down:
      view.scroll += 1;
      return;
    case Key::Kind::PageDown:
      view.scroll += page;
      return;
    case Key::Kind::End:
      view.scroll = static_cast<std::size_t>(-1) / 2;
      return;
    default:
      return;
  }
}

void show(View& view, Shown shown) {
  view.shown = view.shown == shown ? Shown::Both : shown;
  view.scroll = 0;
}

/// False when the character ends the program.
bool obey(View& view, char character) {
  switch (character) {
    case 'q':
    case kControlC:
      return false;
    case 's':
      view.sort = static_cast<SortKey>((static_cast<std::size_t>(view.sort) + 1) % kSortKeys.size());
      break;
    case 'r':
      view.reversed = !view.reversed;
      break;
    case 'a':
      show(view, Shown::Actors);
      break;
    case 'c':
      show(view, Shown::Channels);
      break;
    case '/':
      view.typing = true;
      view.help = false;
      view.scroll = 0;
      break;
    case '?':
    case 'h':
      view.help = !view.help;
      view.scroll = 0;
      break;
    default:
      break;
  }
  return true;
}

}  // namespace

std::string_view name_of(SortKey key) {
  return kSortKeys[static_cast<std::size_t>(key)];
}

Result<SortKey> parse_sort_key(std::string_view name) {
  const auto found = std::ranges::find(kSortKeys, name);
  if (found != kSortKeys.end()) return static_cast<SortKey>(found - kSortKeys.begin());
  std::string names;
  for (const auto known : kSortKeys) names.append(names.empty() ? "" : ", ").append(known);
  return fail(ErrorCode::Invalid, "expected one of " + names + ", found '" + std::string(name) + "'");
}

std::string_view help_text() {
  return "q          quit\n"
         "s          sort by the next key: bottleneck, name, cpu, memory, rate, fill, latency, restarts\n"
         "r          reverse the order\n"
         "a, c       actors only, channels only; again: both\n"
         "Tab        both, actors, channels\n"
         "arrows, PgUp, PgDn, Home, End\n"
         "           scroll\n"
         "/          show only what has this in its name; Enter keeps it, Esc clears it\n"
         "?          this page\n";
}

bool press(View& view, const Key& key, std::size_t page) {
  if (key.kind == Key::Kind::Character && key.character == kControlC) return false;
  if (view.typing) {
    type(view, key);
    return true;
  }
  switch (key.kind) {
    case Key::Kind::Character:
      return obey(view, key.character);
    case Key::Kind::Tab:
      view.shown = static_cast<Shown>((static_cast<int>(view.shown) + 1) % 3);
      view.scroll = 0;
      break;
    case Key::Kind::Escape:
      view.help = false;
      view.filter.clear();
      break;
    default:
      scroll(view, key.kind, page);
      break;
  }
  return true;
}

}  // namespace steady::control
