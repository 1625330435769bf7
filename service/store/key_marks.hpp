#pragma once

#include "registry/rows.hpp"
#include "store/connection.hpp"

#include <cstddef>
#include <span>

namespace store {

/// Brings the key index up to what an import tells: of each key in it the parts that are told are
/// replaced, and all of them when it is another key than before; what is replaced stays as known
/// until `now`. How many keys that changed.
std::size_t put_key_marks(pqxx::work& tx, Connection& connection,
                          std::span<const registry::KeyMark> marks, base::WallTime now);

}  // namespace store
