// Each file of the page between two symbols, in read-only data. page.cpp names them.

.macro asset name, file
  .section .rodata.\name, "a", %progbits
  .global \name\()_begin
  .hidden \name\()_begin
  .global \name\()_end
  .hidden \name\()_end
\name\()_begin:
  .incbin "\file"
\name\()_end:
.endm

asset steady_page_index_html, index.html
asset steady_page_details_css, details.css
asset steady_page_graph_css, graph.css
asset steady_page_style_css, style.css
asset steady_page_address_js, address.js
asset steady_page_app_js, app.js
asset steady_page_boxes_js, boxes.js
asset steady_page_charts_js, charts.js
asset steady_page_columns_js, columns.js
asset steady_page_connection_js, connection.js
asset steady_page_details_js, details.js
asset steady_page_dom_js, dom.js
asset steady_page_edges_js, edges.js
asset steady_page_facts_js, facts.js
asset steady_page_fold_js, fold.js
asset steady_page_graph_js, graph.js
asset steady_page_header_js, header.js
asset steady_page_inventory_js, inventory.js
asset steady_page_keyboard_js, keyboard.js
asset steady_page_lanes_js, lanes.js
asset steady_page_layers_js, layers.js
asset steady_page_layout_js, layout.js
asset steady_page_lettering_js, lettering.js
asset steady_page_measures_js, measures.js
asset steady_page_numbers_js, numbers.js
asset steady_page_packing_js, packing.js
asset steady_page_past_js, past.js
asset steady_page_paths_js, paths.js
asset steady_page_search_js, search.js
asset steady_page_still_js, still.js
asset steady_page_tables_js, tables.js
asset steady_page_theme_js, theme.js
asset steady_page_verdict_js, verdict.js
asset steady_page_viewport_js, viewport.js
asset steady_page_favicon_svg, favicon.svg

.section .note.GNU-stack, "", %progbits
