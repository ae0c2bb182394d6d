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
asset steady_page_style_css, style.css
asset steady_page_app_js, app.js
asset steady_page_layout_js, layout.js
asset steady_page_favicon_svg, favicon.svg

.section .note.GNU-stack, "", %progbits
