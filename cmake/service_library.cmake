# Defines CALLERPRINT_KILL_POINTS for those of the files that have some: the compiler's cache has the others already.
function(use_kill_points)
  if(NOT CALLERPRINT_KILL_POINTS)
    return()
  endif()
  foreach(source IN LISTS ARGN)
    file(STRINGS ${source} found REGEX "KILL_POINT" LIMIT_COUNT 1)
    if(found)
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS CALLERPRINT_KILL_POINTS)
    endif()
  endforeach()
endfunction()

# One folder of service/ is one library: service_library(correlate base call policy) in its CMakeLists.txt.
# It may use only folders that stand above it in service/CMakeLists.txt, and a header of another folder is
# found only where that folder is declared.
function(service_library name)
  foreach(folder IN LISTS ARGN)
    if(NOT TARGET service_${folder})  # the order of add_subdirectory is the architecture
      message(FATAL_ERROR "service/${name} may use only folders above it, not ${folder}")
    endif()
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(NOT sources)  # headers alone
    set(sources ${PROJECT_BINARY_DIR}/empty.cpp)
    file(CONFIGURE OUTPUT ${sources} CONTENT "")
  endif()
  use_kill_points(${sources})
  add_library(service_${name} STATIC ${sources})
  set(view ${PROJECT_BINARY_DIR}/view/${name})  # holds a single link: ${name} -> this folder
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${name} SYMBOLIC)
  target_include_directories(service_${name} PUBLIC ${view})
  list(TRANSFORM ARGN PREPEND service_)
  target_link_libraries(service_${name} PUBLIC ${ARGN})
endfunction()
