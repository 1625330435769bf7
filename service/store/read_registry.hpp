#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "registry/rows.hpp"
#include "store/session.hpp"

#include <optional>

namespace store {

/// All rows, in a fixed order: those of now, or those that imports up to `as_of` had left. What is
/// imported later, whatever it says of earlier times, changes nothing in the answer for an `as_of`
/// that was newest_import() or in the past. Rows replaced before the history was kept (schema 0011)
/// are not in it.
base::Result<registry::Rows> read_registry(Session& session,
                                           std::optional<base::WallTime> as_of = std::nullopt);

/// The stamp of the newest import that changed a row: every later one gets a later stamp. None
/// before the first.
base::Result<std::optional<base::WallTime>> newest_import(Session& session);

}  // namespace store
