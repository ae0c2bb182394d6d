#include "control/rpc.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

using namespace steady;
using namespace steady::control;
using nlohmann::json;

namespace {

Answer dispatch(const std::string& method, const json& params) {
  if (method == "echo") return params;
  if (method == "need") return json(params.at("actor").get<std::string>());
  if (method == "refuse") return fail(ErrorCode::Busy, "not now");
  if (method == "picky") return invalid_params("\"actor\" is missing");
  return unknown_method(method);
}

json ask(const std::string& line) {
  return json::parse(answer(line, dispatch));
}
json ask(const json& request) {
  return ask(request.dump());
}
json request(const std::string& method, const json& params = json::object()) {
  return {{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", params}};
}
int code_of(const json& answer) {
  return answer.at("error").at("code").get<int>();
}

}  // namespace

TEST_SUITE("control/rpc") {
  TEST_CASE("a result comes back under the request's id") {
    CHECK(ask(request("echo", {{"a", 1}})) == json{{"jsonrpc", "2.0"}, {"id", 7}, {"result", {{"a", 1}}}});
    auto named = request("echo");
    named["id"] = "x-1";
    CHECK(ask(named).at("id") == "x-1");
  }

  TEST_CASE("a request without parameters passes null") {
    auto bare = request("echo");
    bare.erase("params");
    CHECK(ask(bare).at("result").is_null());
  }

  TEST_CASE("a notification is run and gets no answer") {
    auto notification = request("echo");
    notification.erase("id");
    CHECK(answer(notification.dump(), dispatch).empty());
    notification["method"] = "refuse";
    CHECK(answer(notification.dump(), dispatch).empty());
  }

  TEST_CASE("each kind of failure has its code") {
    CHECK(code_of(ask(request("nonsense"))) == kUnknownMethod);
    CHECK(code_of(ask(request("picky"))) == kInvalidParams);
    CHECK(code_of(ask(request("refuse"))) == kFailed);
    CHECK(ask(request("refuse")).at("error").at("message") == "not now");
  }

  TEST_CASE("a missing or mistyped parameter is the client's error") {
    CHECK(code_of(ask(request("need"))) == kInvalidParams);
    CHECK(code_of(ask(request("need", {{"actor", 5}}))) == kInvalidParams);
    CHECK(code_of(ask(request("need", json::array({1})))) == kInvalidParams);
  }

  TEST_CASE("an exception in a method is answered, not thrown on") {
    const auto buggy = [](const std::string&, const json&) -> Answer { throw std::runtime_error("a bug"); };
    CHECK(code_of(json::parse(answer(request("any").dump(), buggy))) == kFailed);
  }

  TEST_CASE("what is no JSON is a parse error without an id") {
    for (const std::string line : {"", "{", "nonsense", "{\"a\":\xff}"}) {
      INFO(line);
      CHECK(code_of(ask(line)) == kParseError);
      CHECK(ask(line).at("id").is_null());
    }
  }

  TEST_CASE("JSON that is no request is refused") {
    for (const std::string line :
         {"[]", "5", "{}", R"({"jsonrpc":"1.0","id":1,"method":"echo"})", R"({"jsonrpc":"2.0","id":1,"method":5})",
          R"({"jsonrpc":"2.0","id":{},"method":"echo"})",
          R"({"jsonrpc":"2.0","id":1,"method":"echo","params":"text"})"}) {
      INFO(line);
      CHECK(code_of(ask(line)) == kInvalidRequest);
    }
  }

  TEST_CASE("a result with bytes that are no UTF-8 is still an answer") {
    const auto broken = [](const std::string&, const json&) -> Answer { return json("\xff"); };
    CHECK(json::parse(answer(request("any").dump(), broken)).at("result") == "\xef\xbf\xbd");
  }

  TEST_CASE("an answer is one line") {
    const auto text = answer(request("echo", {{"a", "two\nlines"}}).dump(), dispatch);
    CHECK(text.find('\n') == std::string::npos);
  }

  TEST_CASE("deep nesting is answered, not a crash") {
    const std::string deep(100000, '[');
    CHECK(code_of(ask(deep)) == kParseError);
    CHECK(code_of(ask(deep + std::string(100000, ']'))) == kInvalidRequest);
  }
}
