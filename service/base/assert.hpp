#pragma once

namespace base {

/// Prints the failed condition and aborts; the journal makes a restart safe. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace base

/// A bug ends the process, in release too. No input may ever reach one.
#define BASE_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::base::assertion_failed(#condition, __FILE__, __LINE__))
