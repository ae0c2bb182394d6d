#include "worker/thrown.hpp"

#include <dlfcn.h>
#include <unwind.h>

#include <array>
#include <cstddef>
#include <typeinfo>

namespace steady::worker {

constinit thread_local std::size_t thrown_frames = 0;

namespace {

constexpr std::size_t kFramesMax = 48;
constexpr std::size_t kOwnFrames = 2;  // note_throw() and __cxa_throw()

constinit thread_local std::array<std::uint64_t, kFramesMax> frames{};

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
_Unwind_Reason_Code on_frame(_Unwind_Context* context, void* seen) {
  auto& skipped = *static_cast<std::size_t*>(seen);
  if (skipped < kOwnFrames) {
    ++skipped;
    return _URC_NO_REASON;
  }
  if (thrown_frames == kFramesMax) return _URC_END_OF_STACK;
  const std::uint64_t address = _Unwind_GetIP(context);
  frames[thrown_frames] = thrown_frames == 0 ? address - 1 : address;
  ++thrown_frames;
  return _URC_NO_REASON;
}

[[gnu::noinline]] void note_throw() {
  thrown_frames = 0;
  std::size_t skipped = 0;
  _Unwind_Backtrace(on_frame, &skipped);
}
#endif

}  // namespace

std::span<const std::uint64_t> last_throw() { return {frames.data(), thrown_frames}; }

}  // namespace steady::worker

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The name that every `throw` calls (Itanium C++ ABI, 2.4.3). The executable's comes before the runtime's, for plugins too.
extern "C" [[noreturn, gnu::visibility("default")]] void __cxa_throw(void* exception, std::type_info* type,
                                                                     void (*destroy)(void*)) {
  using Throw = void (*)(void*, std::type_info*, void (*)(void*));
  static const auto real = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  steady::worker::note_throw();
  real(exception, type, destroy);
  __builtin_unreachable();
}
#endif
