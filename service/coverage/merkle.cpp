#include "coverage/merkle.hpp"

#include "base/assert.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace coverage::merkle {
namespace {

using base::Digest;

/// Where a tree of more than one leaf is split.
std::size_t left_part(std::size_t size) {
    return std::bit_floor(size - 1);
}

}  // namespace

Digest leaf(std::string_view data) {
    std::string bytes(1, '\0');
    bytes += data;
    return base::sha256(bytes);
}

Digest node(const Digest& left, const Digest& right) {
    std::array<char, 1 + 2 * sizeof(Digest)> bytes;
    bytes[0] = 1;
    std::memcpy(bytes.data() + 1, left.data(), left.size());
    std::memcpy(bytes.data() + 1 + left.size(), right.data(), right.size());
    return base::sha256({bytes.data(), bytes.size()});
}

Digest root(std::span<const Digest> leaves) {
    if (leaves.empty()) return base::sha256({});
    if (leaves.size() == 1) return leaves[0];
    const auto left = left_part(leaves.size());
    return node(root(leaves.first(left)), root(leaves.subspan(left)));
}

std::vector<Digest> proof(std::span<const Digest> leaves, std::size_t index) {
    BASE_ASSERT(index < leaves.size());
    std::vector<Digest> out;
    if (leaves.size() == 1) return out;
    const auto left = left_part(leaves.size());
    const bool in_left = index < left;
    out = in_left ? proof(leaves.first(left), index) : proof(leaves.subspan(left), index - left);
    out.push_back(root(in_left ? leaves.subspan(left) : leaves.first(left)));
    return out;
}

std::optional<Digest> root_of_proof(const Digest& leaf, std::size_t index, std::size_t size,
                                    std::span<const Digest> proof) {
    if (index >= size) return std::nullopt;
    if (size == 1) return proof.empty() ? std::optional(leaf) : std::nullopt;
    if (proof.empty()) return std::nullopt;
    const auto left = left_part(size);
    const auto rest = proof.first(proof.size() - 1);
    if (index < left) {
        const auto below = root_of_proof(leaf, index, left, rest);
        return below ? std::optional(node(*below, proof.back())) : std::nullopt;
    }
    const auto below = root_of_proof(leaf, index - left, size - left, rest);
    return below ? std::optional(node(proof.back(), *below)) : std::nullopt;
}

}  // namespace coverage::merkle
