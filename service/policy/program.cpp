#include "policy/program.hpp"

#include <xxhash.h>

namespace policy {

std::size_t LiteralHash::operator()(std::string_view text) const noexcept {
    return XXH3_64bits(text.data(), text.size());
}

std::size_t NumberHash::operator()(const Number& number) const noexcept {
    const std::uint64_t mixed = number.hash_key() * 0x9e3779b97f4a7c15u;
    return mixed ^ (mixed >> 32);
}

}  // namespace policy
