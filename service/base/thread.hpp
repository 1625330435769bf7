#pragma once

namespace base {

/// Names the calling thread for `top -H`, `perf` and gdb. At most 15 characters, ended by a zero
/// (pthread_setname_np(3)); a longer name is a fault of the program.
void name_thread(const char* name) noexcept;

}  // namespace base
