#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "support.hpp"

namespace steady::config {
namespace {

namespace fs = std::filesystem;

/// A directory of its own, removed at the end.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "steady-config-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(root_); }

  std::string write(const std::string& name, const std::string& text) const {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }

  /// The diagnostics with this directory's name taken out.
  [[nodiscard]] std::string problems_of(const std::string& name) const {
    std::string text = print(load_file(path(name), {}).diagnostics);
    const std::string prefix = root_.string() + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

 private:
  fs::path root_;
};

const std::string kMain = "steadyd: 1\nactors: {a: {plugin: demo}}\n";

}  // namespace

TEST_SUITE("config/load_file") {
  TEST_CASE("a file that cannot be read is a diagnostic, never a crash") {
    const Scratch scratch;
    CHECK(scratch.problems_of("absent.yaml") == "absent.yaml: No such file or directory\n");
    fs::create_directory(scratch.path("directory.yaml"));
    CHECK(scratch.problems_of("directory.yaml") == "directory.yaml: is a directory, expected a file\n");
    scratch.write("empty.yaml", "");
    CHECK(scratch.problems_of("empty.yaml") ==
          "empty.yaml: the file is empty; expected at least 'steadyd: 1' and 'actors'\n");
    scratch.write("huge.yaml", std::string((4U << 20) + 1, '#'));
    CHECK(scratch.problems_of("huge.yaml") == "huge.yaml: is larger than 4MiB\n");
    CHECK(print(load_file("/dev/null", {}).diagnostics) == "/dev/null: is not a regular file\n");
  }

  TEST_CASE("a file without permission is a diagnostic") {
    if (::geteuid() == 0) return;  // root may read everything
    const Scratch scratch;
    const std::string path = scratch.write("secret.yaml", kMain);
    fs::permissions(path, fs::perms::none);
    CHECK(scratch.problems_of("secret.yaml") == "secret.yaml: Permission denied\n");
  }

  TEST_CASE("drop-ins are added in the order of their names") {
    const Loaded loaded = load_file((fixtures() / "valid" / "drop_ins" / "steadyd.yaml").string(), {});
    REQUIRE_MESSAGE(loaded.diagnostics.empty(), print(loaded.diagnostics));
    const Graph& graph = loaded.graph;
    REQUIRE(graph.actors.size() == 3);
    CHECK(graph.actors[0].name == "source");
    CHECK(graph.actors[1].name == "filter");
    CHECK(graph.actors[2].name == "sink");
    CHECK(graph.channels.size() == 2);
    CHECK(graph.supervision.children.size() == 3);
    REQUIRE(graph.plugin_path.size() == 2);
    CHECK(graph.plugin_path[1] == (fixtures() / "valid" / "drop_ins" / "more").string());
    CHECK(graph.actors[1].position.file.ends_with("conf.d/10-filter.yaml"));
  }

  TEST_CASE("a drop-in cannot redefine an actor or feed from an output that is taken") {
    const Scratch scratch;
    scratch.write("main.yaml", kMain + "channels: [a.out -> a.in]\n");
    scratch.write("conf.d/x.yaml", "actors:\n  a: {plugin: other}\nchannels:\n  - a.out -> a.more\n");
    const std::string main = scratch.path("main.yaml");
    CHECK(scratch.problems_of("main.yaml") ==
          "conf.d/x.yaml:2:3: actors.a: the actor 'a' is already in main.yaml:2\n"
          "conf.d/x.yaml:4:5: channels[0]: the output 'a.out' already feeds the channel at main.yaml:3; list every "
          "reader "
          "under 'to' of one channel\n");
  }

  TEST_CASE("a drop-in has no other top-level keys") {
    const Scratch scratch;
    scratch.write("main.yaml", kMain);
    scratch.write("conf.d/x.yaml", "steadyd: 1\nsupervision: {}\nactorz: {}\nwhen_down: {}\n");
    scratch.write("conf.d/y.yaml", "- a\n");
    CHECK(scratch.problems_of("main.yaml") ==
          "conf.d/x.yaml:1:1: steadyd: 'steadyd' belongs in the main file; a drop-in has actors, channels and "
          "plugin_path\n"
          "conf.d/x.yaml:2:1: supervision: 'supervision' belongs in the main file; a drop-in has actors, channels and "
          "plugin_path\n"
          "conf.d/x.yaml:3:1: actorz: unknown key 'actorz', did you mean 'actors'?\n"
          "conf.d/x.yaml:4:1: when_down: 'when_down' is not available in this version\n"
          "conf.d/y.yaml:1:1: expected a map with actors, channels or plugin_path, found a list\n");
  }

  TEST_CASE("diagnostics of the main file come before those of the drop-ins") {
    const Scratch scratch;
    scratch.write("main.yaml", kMain + "nam: x\n");
    scratch.write("conf.d/x.yaml", "channel: []\n");
    CHECK(scratch.problems_of("main.yaml") ==
          "main.yaml:3:1: nam: unknown key 'nam', did you mean 'name'?\n"
          "conf.d/x.yaml:1:1: channel: unknown key 'channel', did you mean 'channels'?\n");
  }

  TEST_CASE("only visible yaml files are drop-ins") {
    const Scratch scratch;
    scratch.write("main.yaml", kMain);
    scratch.write("conf.d/.x.yaml", "broken: [\n");
    scratch.write("conf.d/x.yaml~", "broken: [\n");
    scratch.write("conf.d/README", "broken: [\n");
    CHECK(scratch.problems_of("main.yaml").empty());
  }

  TEST_CASE("a drop-in that cannot be read is a diagnostic beside the others") {
    const Scratch scratch;
    scratch.write("main.yaml", kMain + "nam: x\n");
    fs::create_directories(scratch.path("conf.d/x.yaml"));
    CHECK(scratch.problems_of("main.yaml") ==
          "main.yaml:3:1: nam: unknown key 'nam', did you mean 'name'?\n"
          "conf.d/x.yaml: is a directory, expected a file\n");
  }

  TEST_CASE("a conf.d that is no directory is a diagnostic") {
    const Scratch scratch;
    scratch.write("main.yaml", kMain);
    scratch.write("conf.d", "");
    CHECK(scratch.problems_of("main.yaml") == "conf.d: cannot be read as a directory: Not a directory\n");
  }

  TEST_CASE("a drop-in that is no YAML does not hide the other mistakes, nor invent any") {
    const Scratch scratch;
    scratch.write("main.yaml", kMain + "channels: [a.out -> b.in]\nnam: x\n");
    scratch.write("conf.d/x.yaml", "actors: {b: \n");
    const std::string text = scratch.problems_of("main.yaml");
    CHECK(text.find("main.yaml:4:1: nam: unknown key") != std::string::npos);
    CHECK(text.find("conf.d/x.yaml:") != std::string::npos);
    CHECK(text.find("no actor is named") == std::string::npos);
  }
}

}  // namespace steady::config
