#include "observe/page.hpp"

#include <array>

// Every file of the page: what it is, where it is served, and its name in page/assets.S. Browsers ask for favicon.ico
// unasked.
#define STEADY_ASSETS(ASSET)                                  \
  ASSET(kHtml, "/", steady_page_index_html)                   \
  ASSET(kCss, "/details.css", steady_page_details_css)        \
  ASSET(kCss, "/graph.css", steady_page_graph_css)            \
  ASSET(kCss, "/style.css", steady_page_style_css)            \
  ASSET(kScript, "/address.js", steady_page_address_js)       \
  ASSET(kScript, "/app.js", steady_page_app_js)               \
  ASSET(kScript, "/boxes.js", steady_page_boxes_js)           \
  ASSET(kScript, "/charts.js", steady_page_charts_js)         \
  ASSET(kScript, "/columns.js", steady_page_columns_js)       \
  ASSET(kScript, "/connection.js", steady_page_connection_js) \
  ASSET(kScript, "/details.js", steady_page_details_js)       \
  ASSET(kScript, "/dom.js", steady_page_dom_js)               \
  ASSET(kScript, "/edges.js", steady_page_edges_js)           \
  ASSET(kScript, "/facts.js", steady_page_facts_js)           \
  ASSET(kScript, "/fold.js", steady_page_fold_js)             \
  ASSET(kScript, "/graph.js", steady_page_graph_js)           \
  ASSET(kScript, "/header.js", steady_page_header_js)         \
  ASSET(kScript, "/inventory.js", steady_page_inventory_js)   \
  ASSET(kScript, "/keyboard.js", steady_page_keyboard_js)     \
  ASSET(kScript, "/lanes.js", steady_page_lanes_js)           \
  ASSET(kScript, "/layers.js", steady_page_layers_js)         \
  ASSET(kScript, "/layout.js", steady_page_layout_js)         \
  ASSET(kScript, "/lettering.js", steady_page_lettering_js)   \
  ASSET(kScript, "/measures.js", steady_page_measures_js)     \
  ASSET(kScript, "/numbers.js", steady_page_numbers_js)       \
  ASSET(kScript, "/packing.js", steady_page_packing_js)       \
  ASSET(kScript, "/past.js", steady_page_past_js)             \
  ASSET(kScript, "/paths.js", steady_page_paths_js)           \
  ASSET(kScript, "/search.js", steady_page_search_js)         \
  ASSET(kScript, "/still.js", steady_page_still_js)           \
  ASSET(kScript, "/tables.js", steady_page_tables_js)         \
  ASSET(kScript, "/theme.js", steady_page_theme_js)           \
  ASSET(kScript, "/verdict.js", steady_page_verdict_js)       \
  ASSET(kScript, "/viewport.js", steady_page_viewport_js)     \
  ASSET(kPicture, "/favicon.svg", steady_page_favicon_svg)    \
  ASSET(kPicture, "/favicon.ico", steady_page_favicon_svg)

// The linker knows where a file begins and ends, the language does not know how long it is, hence arrays of unknown size.
#define STEADY_SYMBOLS(kind, path, name) \
  extern "C" {                           \
  extern const char name##_begin[];      \
  extern const char name##_end[];        \
  }
STEADY_ASSETS(STEADY_SYMBOLS)
#undef STEADY_SYMBOLS

namespace steady::observe {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kCss = "text/css; charset=utf-8";
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kPicture = "image/svg+xml";

Asset make(std::string_view path, std::string_view content_type, const char* begin, const char* end) {
  return {path, content_type, {begin, static_cast<std::size_t>(end - begin)}};
}

const auto& assets() {
#define STEADY_ROW(kind, path, name) make(path, kind, name##_begin, name##_end),
  static const std::array table{STEADY_ASSETS(STEADY_ROW)};
#undef STEADY_ROW
  return table;
}

}  // namespace

const Asset* find_asset(std::string_view path) {
  for (const auto& asset : assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

}  // namespace steady::observe
