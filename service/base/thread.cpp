#include "base/thread.hpp"

#include "base/assert.hpp"

#include <pthread.h>

namespace base {

void name_thread(const char* name) noexcept {
    const int failed = pthread_setname_np(pthread_self(), name);
    BASE_ASSERT(failed == 0);
}

}  // namespace base
