#include "control/rpc.hpp"

#include <exception>
#include <nlohmann/json.hpp>

namespace steady::control {
namespace {

using nlohmann::json;

// Method names come back in messages; a hostile one must not fill the log.
constexpr std::size_t kShownBytes = 64;

// A client may send bytes that are no UTF-8; they come back replaced instead of ending the daemon.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json failure_object(const json& id, const Failure& failure) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", failure.code}, {"message", failure.message}}}};
}

bool is_id(const json& id) {
  return id.is_null() || id.is_string() || id.is_number();
}

/// What is wrong with the shape of a request, or an empty string.
std::string flaw(const json& request) {
  if (!request.is_object()) return "a request is one JSON object on one line";
  if (request.value("jsonrpc", json()) != "2.0") return "a request says \"jsonrpc\": \"2.0\"";
  if (!request.value("method", json()).is_string()) return "a request names its \"method\"";
  if (!is_id(request.value("id", json()))) return "an \"id\" is a string, a number or null";
  const json params = request.value("params", json());
  if (!params.is_null() && !params.is_structured()) return "\"params\" are an object or an array";
  return {};
}

Answer run(const json& request, const Dispatch& dispatch) {
  try {
    return dispatch(request.at("method").get<std::string>(), request.value("params", json()));
  } catch (const json::exception& exception) {
    return invalid_params(exception.what());
  } catch (const std::exception& exception) {  // nothing may cross the event loop's C code
    return tl::unexpected<Failure>(Failure(kFailed, exception.what()));
  }
}

}  // namespace

Reply Reply::written(std::string json) {
  Reply reply{nullptr};
  reply.text = std::move(json);
  return reply;
}

tl::unexpected<Failure> unknown_method(std::string_view method) {
  return tl::unexpected<Failure>(
      Failure(kUnknownMethod, "unknown method \"" + std::string(method.substr(0, kShownBytes)) + '"'));
}

tl::unexpected<Failure> invalid_params(std::string_view what) {
  return tl::unexpected<Failure>(Failure(kInvalidParams, std::string(what)));
}

std::string error_line(int code, std::string_view message) {
  return dump(failure_object(nullptr, Failure(code, std::string(message))));
}

std::string answer(std::string_view line, const Dispatch& dispatch) {
  const json request = json::parse(line, nullptr, false);
  if (request.is_discarded()) return error_line(kParseError, "this line is no JSON");
  if (const std::string wrong = flaw(request); !wrong.empty()) return error_line(kInvalidRequest, wrong);

  const Answer result = run(request, dispatch);
  if (!request.contains("id")) return {};
  const json& id = request.at("id");
  if (!result) return dump(failure_object(id, result.error()));
  if (result->text.empty()) return dump({{"jsonrpc", "2.0"}, {"id", id}, {"result", result->value}});
  return R"({"jsonrpc":"2.0","id":)" + dump(id) + R"(,"result":)" + result->text + '}';
}

}  // namespace steady::control
