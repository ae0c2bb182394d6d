#include "worker/plugin.hpp"

#include <boost/dll/shared_library.hpp>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace steady::worker {
namespace {

/// The loader's own sentence out of Boost.DLL's message "... (dlerror system message: X) ...".
std::string loader_words(const std::string& what) {
  constexpr std::string_view kMark = "dlerror system message: ";
  const auto begin = what.find(kMark);
  if (begin == std::string::npos) return what;
  const auto end = what.find(')', begin);
  return what.substr(begin + kMark.size(), end == std::string::npos ? end : end - begin - kMark.size());
}

Status check_info(const steady_plugin_info& info) {
  if (info.size < sizeof(steady_plugin_info) || info.abi_version != STEADY_ABI_VERSION)
    return fail(ErrorCode::Incompatible, "says ABI version " + std::to_string(info.abi_version) + " and size " +
                                             std::to_string(info.size) + ", this steadyd has version " +
                                             std::to_string(STEADY_ABI_VERSION) + " and size " +
                                             std::to_string(sizeof(steady_plugin_info)));
  if (info.error != nullptr) return fail(ErrorCode::Invalid, info.error);
  if (info.types == nullptr || info.type_count == 0) return fail(ErrorCode::Invalid, "offers no actor type");
  for (std::uint32_t i = 0; i < info.type_count; ++i) {
    const steady_actor_type* const type = info.types[i];
    if (type == nullptr || type->size < sizeof(steady_actor_type) || type->name == nullptr || type->create == nullptr ||
        type->start == nullptr || type->step == nullptr || type->finish == nullptr || type->destroy == nullptr)
      return fail(ErrorCode::Invalid, "actor type " + std::to_string(i) + " lacks a function or a name");
  }
  return {};
}

}  // namespace

Result<const steady_plugin_info*> load_plugin(int fd) {
  try {
    // Never unloaded: a symbol of the kind STB_GNU_UNIQUE would keep old code alive anyway.
    static auto& libraries = *new std::vector<std::unique_ptr<boost::dll::shared_library>>;
    libraries.push_back(std::make_unique<boost::dll::shared_library>(
        "/proc/self/fd/" + std::to_string(fd),
        boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local));
    const auto& entry = libraries.back()->get<const steady_plugin_info*()>("steady_plugin");
    const steady_plugin_info* const info = entry();
    if (info == nullptr) return fail(ErrorCode::Invalid, "its entry point returned nothing");
    if (auto checked = check_info(*info); !checked) return tl::unexpected(std::move(checked.error()));
    return info;
  } catch (const std::exception& error) {
    return fail(ErrorCode::Invalid, "cannot be loaded: " + loader_words(error.what()));
  } catch (...) {
    return fail(ErrorCode::Invalid, "cannot be loaded: a static constructor threw something that is no std::exception");
  }
}

Result<const steady_actor_type*> find_type(const steady_plugin_info& plugin, std::string_view name) {
  if (name.empty() && plugin.type_count == 1) return plugin.types[0];
  std::string known;
  for (std::uint32_t i = 0; i < plugin.type_count; ++i) {
    if (plugin.types[i]->name == name) return plugin.types[i];
    known += (known.empty() ? "" : ", ") + std::string(plugin.types[i]->name);
  }
  return fail(ErrorCode::NotFound, "has no actor type '" + std::string(name) + "', only " + known);
}

}  // namespace steady::worker
