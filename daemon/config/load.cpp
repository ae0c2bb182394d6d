#include "config/load.hpp"

#include "base/files.hpp"
#include "config/document.hpp"
#include "config/draft.hpp"
#include "config/drop_ins.hpp"

namespace steady::config {
namespace {

constexpr std::uint64_t kLargestFile = 4ULL << 20;

using ReadDocument = void (*)(const Reader&, const YAML::Node&, Draft&);

/// False when the text is no document at all; what it would have named is then unknown, not missing.
bool read_source(const Source& source, ReadDocument read, const Environment& environment, Draft& draft,
                 Report& report) {
  const auto document = parse_document(source.path, source.text, report);
  if (!document) return false;
  read(Reader{source.path, environment, report}, *document, draft);
  return true;
}

std::optional<Source> read_text(const std::string& path, Diagnostics& diagnostics) {
  auto text = read_file(path, kLargestFile);
  if (text) return Source{path, std::move(*text)};
  std::string message = text.error().message;
  if (message.starts_with(path + ": ")) message.erase(0, path.size() + 2);  // the diagnostic names the file itself
  diagnostics.push_back({{path, 0, 0}, "", message});
  return std::nullopt;
}

}  // namespace

Loaded load(const Source& main, const std::vector<Source>& drop_ins, const Environment& environment) {
  Draft draft;
  Report report;
  draft.graph.file = main.path;
  bool complete = read_source(main, read_top, environment, draft, report);
  for (const Source& source : drop_ins) complete &= read_source(source, read_drop_in, environment, draft, report);
  if (complete) validate(draft, report);
  Loaded loaded{std::move(draft.graph), report.take()};
  sort(loaded.diagnostics, main.path);
  return loaded;
}

Loaded load(const std::string& path, const std::string& text, const Environment& environment) {
  return load(Source{path, text}, {}, environment);
}

Loaded load_file(const std::string& path, const Environment& environment) {
  Diagnostics unreadable;
  const auto main = read_text(path, unreadable);
  if (!main) return {Graph{}, std::move(unreadable)};
  std::vector<Source> drop_ins;
  for (const std::string& name : find_drop_ins(path, unreadable))
    if (auto source = read_text(name, unreadable)) drop_ins.push_back(std::move(*source));
  Loaded loaded = load(*main, drop_ins, environment);
  loaded.diagnostics.insert(loaded.diagnostics.end(), unreadable.begin(), unreadable.end());
  sort(loaded.diagnostics, path);
  return loaded;
}

}  // namespace steady::config
