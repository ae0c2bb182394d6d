#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/unique_fd.hpp"

using namespace steady;

namespace {

std::vector<std::string> sent;

/// The journal, as far as the log can see it.
int take(const iovec* fields, int count) {
  for (int i = 0; i < count; ++i) sent.emplace_back(static_cast<const char*>(fields[i].iov_base), fields[i].iov_len);
  return 0;
}

int refuse(const iovec*, int) {
  return -1;
}

/// What is written to stderr while `act` runs.
std::string stderr_of(const std::function<void()>& act) {
  const UniqueFd file(::memfd_create("stderr", MFD_CLOEXEC));
  const UniqueFd before(::dup(STDERR_FILENO));
  REQUIRE(::dup2(file.get(), STDERR_FILENO) == STDERR_FILENO);
  act();
  REQUIRE(::dup2(before.get(), STDERR_FILENO) == STDERR_FILENO);
  std::string text(4096, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

/// Lets no test change how the others' lines are written.
struct BackToHuman {
  ~BackToHuman() { CHECK(log::set_format(log::Format::Human, nullptr)); }
};

}  // namespace

TEST_SUITE("base/log") {
  TEST_CASE("what is logged can be asked for by its actor") {
    log::info("The log was asked", {{"actor", "asker,other"}, {"number", 1}});
    const auto found = log::recent("asker", {}, 1);
    REQUIRE(found.lines.size() == 1);
    CHECK(found.lines.front().text == "The log was asked  actor=asker,other  number=1");
    CHECK(found.lines.front().level == log::Level::Info);
    CHECK(found.lines.front().number == found.last);
  }

  TEST_CASE("a line below the level is not kept either") {
    log::debug("Too small", {{"actor", "whisperer"}});
    CHECK(log::recent("whisperer", {}, 1).lines.empty());
  }

  TEST_CASE("the journal gets whole entries") {
    const BackToHuman guard;
    sent.clear();
    REQUIRE(log::set_format(log::Format::Journald, &take));
    CHECK(log::format() == log::Format::Journald);
    log::warn("Two words", {{"actor", "a"}, {"size", 2}});
    CHECK(sent ==
          std::vector<std::string>{"MESSAGE=Two words  actor=a  size=2", "PRIORITY=4", "ACTOR=a", "STEADY_SIZE=2"});
  }

  TEST_CASE("a line that the journal does not take is not lost") {
    const BackToHuman guard;
    REQUIRE(log::set_format(log::Format::Journald, &refuse));
    CHECK(stderr_of([] { log::warn("Homeless", {{"size", 2}}); }).ends_with(" warn  Homeless  size=2\n"));
  }

  TEST_CASE("the format of the next line is the one that was set last") {
    const BackToHuman guard;
    REQUIRE(log::set_format(log::Format::Json, nullptr));
    CHECK(stderr_of([] { log::warn("Hello", {{"size", 2}}); }).ends_with(R"("message":"Hello","size":2})" "\n"));
    REQUIRE(log::set_format(log::Format::Human, nullptr));
    CHECK(stderr_of([] { log::warn("Hello"); }).ends_with(" warn  Hello\n"));
  }

  TEST_CASE("without a journal journald is refused, and auto is for people") {
    const BackToHuman guard;
    CHECK_FALSE(log::set_format(log::Format::Journald, nullptr));
    CHECK(log::format() == log::Format::Human);
    REQUIRE(log::set_format(log::Format::Auto, nullptr));
    CHECK(log::format() == log::Format::Human);
  }

  TEST_CASE("formats are read by their names") {
    CHECK(log::parse_format("auto") == log::Format::Auto);
    CHECK(log::parse_format("journald") == log::Format::Journald);
    CHECK(log::parse_format("JSON").error().message ==
          "expected one of auto, human, json, journald, found 'JSON'");
  }
}
