// steadyd-symbols: names the functions and lines of a stack. Debug information comes with foreign plugins and may be
// broken; here it can do no more harm than to end this process. People can use it, too:
//   echo '{"frames": ["0x401136"], "maps": "..."}' | steadyd-symbols
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "symbols/protocol.hpp"
#include "symbols/symbolise.hpp"

namespace steady::symbols {
namespace {

constexpr int kUsageExitCode = 2;
constexpr std::size_t kRequestBytesMax = 4 * 1024 * 1024;

void limit(__rlimit_resource_t resource, rlim_t amount) {
  const rlimit both{amount, amount};
  ::setrlimit(resource, &both);
}

/// Debug information can make its reader run and grow without end.
void limit_ourselves() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever asked is gone: nobody wants the answer
  ::unsetenv("DEBUGINFOD_URLS");       // nothing is fetched from a network
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 10);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they reserve more than there is
  limit(RLIMIT_AS, rlim_t{2} * 1024 * 1024 * 1024);
#endif
}

/// Up to the first newline or the end.
Result<std::string> read_line(int fd) {
  std::string text;
  char chunk[64 * 1024];
  while (text.find('\n') == std::string::npos) {
    const ssize_t count = ::read(fd, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("reading the request");
    if (count == 0) break;
    text.append(chunk, static_cast<std::size_t>(count));
    if (text.size() > kRequestBytesMax) return fail(ErrorCode::Invalid, "the request is too long");
  }
  return text;
}

int answer(int fd) {
  limit_ourselves();
  const auto line = read_line(fd);
  const auto request = line ? parse_request(*line) : tl::unexpected(line.error());
  if (!request) {
    std::fprintf(stderr, "steadyd-symbols: cannot read the request: %s\n", request.error().message.c_str());
    return 1;
  }
  const std::string printed = print(symbolise(*request));
  const bool written = std::fwrite(printed.data(), 1, printed.size(), stdout) == printed.size();
  return written && std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace steady::symbols

int main(int argc, char** argv) {
  if (argc == 1) return steady::symbols::answer(STDIN_FILENO);
  if (argc == 3 && std::string_view(argv[1]) == "--fd") return steady::symbols::answer(std::atoi(argv[2]));
  std::fprintf(stderr, "usage: steadyd-symbols [--fd NUMBER]\n"
                       "Reads {\"frames\": [ADDRESS...], \"maps\": \"LINES OF /proc/PID/maps\", \"files\": []}\n"
                       "and prints the function, file and line of each frame.\n");
  return steady::symbols::kUsageExitCode;
}
