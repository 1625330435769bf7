#pragma once

#include <string.h>
#include <string>

namespace base {

/// Overwrites a secret and empties the text. The compiler may not leave it out, as it may a
/// fill of what is about to be freed.
inline void wipe(std::string& text) noexcept {
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

}  // namespace base
