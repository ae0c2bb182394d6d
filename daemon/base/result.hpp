// Errors as values. Every fallible function of steadyd returns a Result; exceptions are caught where a library throws
// them. Immutable values, safe on any thread.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace steady {

/// What went wrong, for code that decides. The sentence beside it is for people.
enum class ErrorCode : std::uint8_t {
  Invalid,       ///< the input breaks a rule that the message names
  NotFound,      ///< the named thing does not exist
  Busy,          ///< someone else holds it
  Denied,        ///< the kernel or a policy refused
  Corrupt,       ///< bytes in shared memory or on disk that cannot be right
  Incompatible,  ///< another version or layout; the message names both
  Exhausted,     ///< disk, memory, descriptors
  Timeout,       ///< it did not happen in time
  System,        ///< any other failed system call
};

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::System;
  std::string message;

  /// The same error seen from one level up: "CONTEXT: message".
  [[nodiscard]] Error within(std::string_view context) && {
    message.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// Returns an error in a function that returns any Result.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Passes an error on, with what the caller was doing put before it.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error, std::string_view context) {
  return tl::unexpected<Error>(std::move(error).within(context));
}

[[nodiscard]] inline ErrorCode code_of_errno(int number) {
  switch (number) {
    case ENOENT: return ErrorCode::NotFound;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::Denied;
    case EAGAIN:
    case EBUSY:
    case EADDRINUSE: return ErrorCode::Busy;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE: return ErrorCode::Exhausted;
    default: return ErrorCode::System;
  }
}

/// A failed system call: "WHAT: No such file or directory". Reads errno, so call it at once.
[[nodiscard]] inline tl::unexpected<Error> fail_errno(std::string_view what, int number = errno) {
  return fail(code_of_errno(number), std::string(what) + ": " + std::strerror(number));
}

}  // namespace steady
