#pragma once

#include "base/digest.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Merkle trees as RFC 6962 section 2.1 has them: leaves and nodes are hashed with different
/// prefixes, so that none can stand for the other, and n leaves are split at the greatest power of
/// two below n.
namespace coverage::merkle {

/// SHA-256(0x00 || data).
[[nodiscard]] base::Digest leaf(std::string_view data);
/// SHA-256(0x01 || left || right).
[[nodiscard]] base::Digest node(const base::Digest& left, const base::Digest& right);

/// Of leaves in order; SHA-256 of nothing for none.
[[nodiscard]] base::Digest root(std::span<const base::Digest> leaves);

/// What shows that leaf `index` is among the leaves: the digests beside its way to the root, from
/// the bottom up; about log2(n) of them. `index` is below the number of leaves.
[[nodiscard]] std::vector<base::Digest> proof(std::span<const base::Digest> leaves,
                                              std::size_t index);

/// The root of a tree of `size` leaves that has `leaf` at `index`, by its proof; nothing when a
/// proof of this length cannot be. Equal to the root that is known: the leaf is in that tree.
[[nodiscard]] std::optional<base::Digest> root_of_proof(const base::Digest& leaf, std::size_t index,
                                                        std::size_t size,
                                                        std::span<const base::Digest> proof);

}  // namespace coverage::merkle
