#pragma once

#include "base/result.hpp"
#include "store/session.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// One file of schema/.
struct Migration {
    unsigned number = 0;
    std::string_view name;  ///< "0001_base.sql"
    std::string_view sql;
};

/// The files of schema/ as they were when this program was built, ascending.
[[nodiscard]] std::span<const Migration> built_in_migrations();

struct Migrated {
    unsigned from = 0;  ///< Number of the newest one before; 0: an empty database.
    unsigned to = 0;
};

/// Brings the schema up to date under an advisory lock, each file in a transaction of its own.
/// Fault::conflict, and nothing changed, when the schema is newer than this program or a file that
/// was applied has been edited since (its digest differs).
base::Result<Migrated> migrate(Session& session,
                               std::span<const Migration> migrations = built_in_migrations());

}  // namespace store
