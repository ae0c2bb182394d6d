// Every file of fixtures/config/invalid gives exactly the diagnostics beside it.
#include <fstream>
#include <sstream>

#include "support.hpp"

namespace steady::config {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  return found;
}

}  // namespace

TEST_SUITE("config/files") {
  TEST_CASE("every broken file is answered with exactly the expected diagnostics") {
    const auto files = yaml_files(fixtures() / "invalid");
    CHECK(files.size() >= 40);
    for (const auto& file : files) {
      INFO(file.string());
      const Loaded loaded = load(file.filename().string(), content(file), {});
      const std::string expected = content(std::filesystem::path(file).replace_extension(".expected"));
      CHECK(!expected.empty());
      CHECK(print(loaded.diagnostics) == expected);
    }
  }

  TEST_CASE("every valid file loads without a diagnostic") {
    const auto files = yaml_files(fixtures() / "valid");
    CHECK(files.size() >= 4);
    for (const auto& file : files) {
      INFO(file.string());
      CHECK(print(load_file(file.string(), {}).diagnostics) == "");
    }
  }
}

}  // namespace steady::config
