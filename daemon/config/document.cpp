#include "config/document.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <sstream>
#include <string_view>

namespace steady::config {
namespace {

// An alias may contain itself, and ten lines of aliases may name a billion nodes; both end here.
constexpr int kDeepest = 64;
constexpr int kMostNodes = 300'000;

enum class Shape { Fine, TooDeep, TooLarge };

Shape walk(const YAML::Node& node, int depth, int& nodes) {
  if (depth > kDeepest) return Shape::TooDeep;
  if (++nodes > kMostNodes) return Shape::TooLarge;
  const auto visit = [&](const YAML::Node& child) { return walk(child, depth + 1, nodes); };
  for (const auto& child : node) {
    if (node.IsMap()) {
      if (const Shape shape = visit(child.first); shape != Shape::Fine) return shape;
      if (const Shape shape = visit(child.second); shape != Shape::Fine) return shape;
    } else if (const Shape shape = visit(child); shape != Shape::Fine) {
      return shape;
    }
  }
  return Shape::Fine;
}

/// How many bytes the UTF-8 character at the start of `text` has; 0 when it is none.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xC2 ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                           : first < 0xF5 ? 4
                                          : 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || surrogate ? 0 : size;
}

/// Where the first thing stands that is no text: a NUL or a broken UTF-8 sequence.
std::optional<Position> first_non_text(const std::string& file, std::string_view text) {
  Position at{file, 1, 1};
  while (!text.empty()) {
    const std::size_t size = text.front() == '\0' ? 0 : character_size(text);
    if (size == 0) return at;
    at.column = text.front() == '\n' ? 1 : at.column + 1;
    at.line += text.front() == '\n' ? 1 : 0;
    text.remove_prefix(size);
  }
  return std::nullopt;
}

Position at_mark(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? Position{file, 0, 0} : Position{file, mark.line + 1, mark.column + 1};
}

/// Only notes where documents start.
class Starts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<YAML::Mark> marks;
};

/// The starts of the first two documents. Not YAML::LoadAll: at a stray "," it finds an empty document, does not move,
/// and so finds them for ever.
std::vector<YAML::Mark> document_starts(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Starts starts;
  while (starts.marks.size() < 2 && parser.HandleNextDocument(starts)) {
  }
  return starts.marks;
}

/// The one document, null when the text is empty.
std::optional<YAML::Node> parse(const std::string& file, const std::string& text, Report& report) {
  try {
    const auto starts = document_starts(text);
    if (starts.empty()) return YAML::Node(YAML::NodeType::Null);
    if (starts.size() == 1) return YAML::Load(text);
    report.add(at_mark(file, starts[1]), "",
               starts[0].pos == starts[1].pos ? "this is not valid YAML: expected a key or a value"
                                              : "expected one document, found a second one; a '---' starts it");
  } catch (const YAML::DeepRecursion& error) {
    report.add(at_mark(file, error.mark), "", "nested too deeply");
  } catch (const YAML::Exception& error) {
    report.add(at_mark(file, error.mark), "", "this is not valid YAML: " + error.msg);
  } catch (const std::exception& error) {
    report.add({file, 0, 0}, "", std::string("this is not valid YAML: ") + error.what());
  }
  return std::nullopt;
}

}  // namespace

std::optional<YAML::Node> parse_document(const std::string& file, const std::string& text, Report& report) {
  if (const auto at = first_non_text(file, text)) {
    report.add(*at, "", "expected text in UTF-8, found a byte that is none");
    return std::nullopt;
  }
  const auto document = parse(file, text, report);
  if (!document) return std::nullopt;
  int nodes = 0;
  const Shape shape = walk(*document, 0, nodes);
  if (shape == Shape::Fine) return document;
  report.add({file, 0, 0}, "",
             shape == Shape::TooDeep
                 ? "nested more than " + std::to_string(kDeepest) + " levels deep; does an alias contain itself?"
                 : "more than " + std::to_string(kMostNodes) + " values, counting each use of an alias");
  return std::nullopt;
}

}  // namespace steady::config
