#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "registry/rows.hpp"
#include "store/session.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace store {

/// What we were told, kept in tables. Licences are never overwritten: a correction closes the row
/// that was believed and adds the new one. Of other rows the table `registry_history` keeps what
/// was replaced: read_registry gives the rows of any moment.
class RegistryTable {
public:
    explicit RegistryTable(Session& session) : session_(session) {}  // borrowed

    struct Imported {
        std::size_t added = 0;
        std::size_t changed = 0;
        std::size_t unchanged = 0;
        std::size_t corrected = 0;  ///< Licence rows whose known_to was closed; part of `changed`.
        std::size_t indexed = 0;    ///< Keys of which the key index learned something.
        std::uint64_t version = 0;  ///< Of the registry, after.
    };
    /// All rows or none, stamped `now`, or just after the import before when the clock has not
    /// moved on. A licence without known_from is known from `now` on when it corrects one, else
    /// since ever. The version grows only when something changed.
    base::Result<Imported> import(const registry::Rows& rows, base::WallTime now,
                                  std::string_view actor);

    /// Every row, all versions of licences among them.
    base::Result<registry::Rows> load();

private:
    Session& session_;
};

}  // namespace store
