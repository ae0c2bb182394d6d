// JSON-RPC lines: any line is answered with one line of JSON, or with nothing when it is a notification.
#include "control/rpc.hpp"

#include <nlohmann/json.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace steady;
  const auto dispatch = [](const std::string& method, const nlohmann::json& params) -> control::Answer {
    if (method == "echo") return params;
    if (method == "restart") return params.at("actor");
    return control::unknown_method(method);
  };
  const std::string answer = control::answer(fuzz::text_of(data, size), dispatch);
  if (answer.empty()) return 0;
  fuzz::require(answer.find('\n') == std::string::npos, "an answer is one line");
  fuzz::require(nlohmann::json::accept(answer), "an answer is JSON");
  return 0;
}
