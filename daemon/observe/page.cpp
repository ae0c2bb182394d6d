#include "observe/page.hpp"

#include <array>

// Symbols of page/assets.S. The linker knows where a file begins and ends, the language does not know how long it is,
// hence arrays of unknown size.
#define STEADY_ASSET(name)          \
  extern "C" {                      \
  extern const char name##_begin[]; \
  extern const char name##_end[];   \
  }
STEADY_ASSET(steady_page_index_html)
STEADY_ASSET(steady_page_style_css)
STEADY_ASSET(steady_page_app_js)
STEADY_ASSET(steady_page_layout_js)
STEADY_ASSET(steady_page_favicon_svg)
#undef STEADY_ASSET

namespace steady::observe {
namespace {

Asset make(std::string_view path, std::string_view content_type, const char* begin, const char* end) {
  return {path, content_type, {begin, static_cast<std::size_t>(end - begin)}};
}

const auto& assets() {
  static const std::array table{
      make("/", "text/html; charset=utf-8", steady_page_index_html_begin, steady_page_index_html_end),
      make("/style.css", "text/css; charset=utf-8", steady_page_style_css_begin, steady_page_style_css_end),
      make("/app.js", "text/javascript; charset=utf-8", steady_page_app_js_begin, steady_page_app_js_end),
      make("/layout.js", "text/javascript; charset=utf-8", steady_page_layout_js_begin, steady_page_layout_js_end),
      make("/favicon.svg", "image/svg+xml", steady_page_favicon_svg_begin, steady_page_favicon_svg_end),
      // Browsers ask for this name unasked.
      make("/favicon.ico", "image/svg+xml", steady_page_favicon_svg_begin, steady_page_favicon_svg_end),
  };
  return table;
}

}  // namespace

const Asset* find_asset(std::string_view path) {
  for (const auto& asset : assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

}  // namespace steady::observe
