// steadyd-otlp: posts one document to an OTLP/HTTP receiver and ends. Exit codes: 0 it was taken; 1 it was not, with
// the reason on stderr; 2 wrong usage. People can use it, too:
//   printf '%s\n%s\n' http://127.0.0.1:4318/v1/metrics '{"resourceMetrics":[]}' | steadyd-otlp
#include <curl/curl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace steady::otlp {
namespace {

constexpr int kUsageExitCode = 2;
constexpr long kTimeoutSeconds = 10;
constexpr std::size_t kRequestBytesMax = 256 * 1024 * 1024;

struct Request {
  std::string url;
  std::string document;
};

/// Two lines: where, and what.
Result<Request> read_request(int fd) {
  std::string text;
  char chunk[64 * 1024];
  while (std::ranges::count(text, '\n') < 2) {
    const ssize_t count = ::read(fd, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("reading the request");
    if (count == 0) return fail(ErrorCode::Invalid, "the request ends before its second line");
    text.append(chunk, static_cast<std::size_t>(count));
    if (text.size() > kRequestBytesMax) return fail(ErrorCode::Invalid, "the request is too long");
  }
  const auto end = text.find('\n');
  return Request{text.substr(0, end), text.substr(end + 1, text.find('\n', end + 1) - end - 1)};
}

/// What the receiver answers beside its status is of no interest.
std::size_t ignore(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

Status post(const Request& request) {
  const std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)> curl(::curl_easy_init(), &::curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&::curl_slist_free_all)> headers(
      ::curl_slist_append(nullptr, "Content-Type: application/json"), &::curl_slist_free_all);
  if (!curl || !headers) return fail(ErrorCode::Exhausted, "libcurl has no memory");
  char reason[CURL_ERROR_SIZE] = "";
  ::curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, reason);
  ::curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  ::curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.document.c_str());
  ::curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.document.size()));
  ::curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  ::curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &ignore);
  if (const CURLcode code = ::curl_easy_perform(curl.get()); code != CURLE_OK)
    return fail(ErrorCode::System, reason[0] != '\0' ? reason : ::curl_easy_strerror(code));
  long status = 0;
  ::curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299)
    return fail(ErrorCode::Denied, "the receiver answers HTTP " + std::to_string(status));
  return {};
}

int push(int fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto request = read_request(fd);
  const Status done = request ? post(*request) : tl::unexpected(request.error());
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}

}  // namespace
}  // namespace steady::otlp

int main(int argc, char** argv) {
  if (argc == 1) return steady::otlp::push(STDIN_FILENO);
  if (argc == 3 && std::string_view(argv[1]) == "--fd") return steady::otlp::push(std::atoi(argv[2]));
  std::fprintf(stderr, "usage: steadyd-otlp [--fd NUMBER]\n"
                       "Reads two lines, a URL and an OTLP document, and posts it.\n");
  return steady::otlp::kUsageExitCode;
}
