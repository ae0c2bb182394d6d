# steady_keep_stacks(TARGET)
#
# Compiles so that a crash report names every function and line, at no cost worth naming in speed: -g1 for functions and
# lines, -gz because steadyd keeps a copy of a plugin's file in memory, and no jump in place of a last call, because
# whoever jumped is no longer on the stack. First of all options, so that yours win: any -g in CMAKE_CXX_FLAGS, in the
# build type or among the target's options, and -foptimize-sibling-calls.
function(steady_keep_stacks target)
  set(debug "$<CONFIG:Debug,RelWithDebInfo>")
  set(flags "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}")
  if(flags MATCHES "(^| )-g")
    set(debug 1)
  endif()
  target_compile_options(${target} BEFORE PRIVATE $<$<NOT:${debug}>:-g1> -fno-optimize-sibling-calls)
  target_link_options(${target} BEFORE PRIVATE $<$<NOT:${debug}>:-gz>)
endfunction()

# steady_add_plugin(NAME SOURCES file... [LIBRARIES target...] [VERSION x.y])
#
# Builds NAME.so, a plugin that steadyd finds by NAME once it lies in a plugin directory. Only the entry point is
# visible; unresolved symbols fail the link here, not the load later.
function(steady_add_plugin name)
  cmake_parse_arguments(ARG "" "VERSION" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT ARG_SOURCES OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "steady_add_plugin(NAME SOURCES file... [LIBRARIES target...] [VERSION x.y])")
  endif()
  if(NOT ARG_VERSION)
    set(ARG_VERSION "${PROJECT_VERSION}")
  endif()
  set(target plugin_${name})
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE steady::sdk ${ARG_LIBRARIES})
  target_compile_definitions(${target} PRIVATE STEADY_PLUGIN_NAME="${name}" STEADY_PLUGIN_VERSION="${ARG_VERSION}")
  steady_keep_stacks(${target})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(STEADY_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${STEADY_PLUGIN_OUTPUT_DIRECTORY})
  endif()
  if(NOT STEADY_SANITIZE)  # a sanitizer's runtime is found in the process that loads the plugin
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
