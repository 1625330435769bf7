#pragma once

#include <vector>

namespace correlate {

/// push_back that makes a long vector a quarter longer instead of twice as long: tables with a
/// place for each of a million groups would else hold up to twice what they need.
template <class T>
void append(std::vector<T>& to, const T& item) {
    constexpr std::size_t is_long = 4'096;
    if (to.size() == to.capacity() && to.size() >= is_long) to.reserve(to.size() / 4 * 5);
    to.push_back(item);
}

}  // namespace correlate
