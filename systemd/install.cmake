# Installs what names other installed files by their full path. It runs at install time, because `cmake --install --prefix`
# may name another place than the one that was configured. The caller sets STEADY_SOURCE, STEADY_BINARY,
# STEADY_CONFIGURED_PREFIX and, for that prefix, CMAKE_INSTALL_FULL_{BINDIR,SYSCONFDIR,DOCDIR}.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL STEADY_CONFIGURED_PREFIX)
  foreach(directory BINDIR SYSCONFDIR DOCDIR)
    string(REGEX REPLACE "^${STEADY_CONFIGURED_PREFIX}/" "/" path "${CMAKE_INSTALL_FULL_${directory}}")
    set(CMAKE_INSTALL_FULL_${directory} "${CMAKE_INSTALL_PREFIX}${path}")
  endforeach()
endif()

configure_file("${STEADY_SOURCE}/systemd/steadyd.service.in" "${STEADY_BINARY}/systemd/steadyd.service" @ONLY)
file(INSTALL "${STEADY_BINARY}/systemd/steadyd.service" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")

# The configuration in use belongs to whoever edits it: it is laid down once and never overwritten.
set(config "${CMAKE_INSTALL_FULL_SYSCONFDIR}/steadyd")
if(EXISTS "$ENV{DESTDIR}${config}/steadyd.yaml")
  message(STATUS "Keeping: $ENV{DESTDIR}${config}/steadyd.yaml")
else()
  file(INSTALL "${STEADY_SOURCE}/config/steadyd.yaml" DESTINATION "${config}")
endif()
