# Warnings are errors; asserts of ours and of Boost stay on in every build.
set(CALLERPRINT_SANITIZE "" CACHE STRING "Sanitizers, such as address,undefined or thread")

add_compile_options(
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Wno-missing-designated-field-initializers -Wunused-result -Wimplicit-fallthrough -Wthread-safety
  -fno-omit-frame-pointer -fstack-protector-strong -fcolor-diagnostics)
add_compile_definitions(BOOST_ENABLE_ASSERT_HANDLER _GLIBCXX_ASSERTIONS)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
  add_compile_options(-march=x86-64-v2)
endif()

# The libraries too, or libFuzzer sees no path through them. The runtime of the address sanitizer has what the programs
# that are no fuzz targets then need.
if(CALLERPRINT_FUZZ)
  if(NOT CALLERPRINT_SANITIZE MATCHES "address")
    message(FATAL_ERROR "CALLERPRINT_FUZZ needs the address sanitizer: cmake --preset asan")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CALLERPRINT_SANITIZE)
  add_compile_options(-fsanitize=${CALLERPRINT_SANITIZE} -fno-sanitize-recover=all -O1 -g1)
  add_link_options(-fsanitize=${CALLERPRINT_SANITIZE})
else()
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")  # keeps asserts (no NDEBUG) and lines in stack traces
  add_link_options(-Wl,-z,relro,-z,now)
  # A call passes through a dozen small libraries: calls between them that are inlined make a replay a tenth faster
  # (docs/reference/performance.md). What did not change is not compiled again.
  if(CALLERPRINT_LTO AND CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-flto=thin)
    add_link_options(-flto=thin -Wl,--thinlto-cache-dir=${PROJECT_BINARY_DIR}/lto-cache)
  endif()
endif()
