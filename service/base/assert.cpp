#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace base {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    std::abort();
}

}  // namespace base

// Boost's own asserts end the process too (BOOST_ENABLE_ASSERT_HANDLER), and name their place.
namespace boost {

void assertion_failed(const char* condition, const char*, const char* file, long line) {
    base::assertion_failed(condition, file, static_cast<int>(line));
}

void assertion_failed_msg(const char* condition, const char*, const char*, const char* file,
                          long line) {
    base::assertion_failed(condition, file, static_cast<int>(line));
}

}  // namespace boost
