// JSON-RPC 2.0 as text in, text out. Knows neither sockets nor what the methods mean. Any thread.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace steady::control {

// The codes of the JSON-RPC 2.0 specification; kFailed is the first of its range for servers.
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kUnknownMethod = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kFailed = -32000;

/// A request that did not succeed, as the client sees it. Any Error of the daemon is one, with the code kFailed.
struct Failure {
  int code = kFailed;
  std::string message;

  Failure(int failure_code, std::string text) : code(failure_code), message(std::move(text)) {}
  Failure(Error error) : message(std::move(error.message)) {}  // implicit, so that `return fail(...)` works
};

/// A result: a value, or text that is JSON already.
struct Reply {
  nlohmann::json value;
  std::string text;  ///< used instead of `value` when it is not empty

  Reply(nlohmann::json result) : value(std::move(result)) {}  // implicit, so that `return json` works
  /// Large documents are written once, not read and written again.
  [[nodiscard]] static Reply written(std::string json);
};

using Answer = tl::expected<Reply, Failure>;

/// Runs one method. `params` is an object, an array, or null when the request has none. An exception of the JSON
/// library, as of params.at("actor") when there is none, is answered with kInvalidParams.
using Dispatch = std::function<Answer(const std::string& method, const nlohmann::json& params)>;

[[nodiscard]] tl::unexpected<Failure> unknown_method(std::string_view method);
[[nodiscard]] tl::unexpected<Failure> invalid_params(std::string_view what);

/// Answers one line. The answer has no newline; it is empty for a notification (a request without an id).
[[nodiscard]] std::string answer(std::string_view line, const Dispatch& dispatch);

/// An error object for a request that cannot be read far enough to know its id.
[[nodiscard]] std::string error_line(int code, std::string_view message);

}  // namespace steady::control
