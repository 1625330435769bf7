#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "registry/registry.hpp"
#include "store/session.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace store {

/// The newest registry, built once for all who need one: rows are read again only after an import.
/// Thread-safe; while one reads, others wait and then have it too.
class RegistryCache {
public:
    /// As it is now: the same object as before unless an import changed something.
    base::Result<std::shared_ptr<const registry::Registry>> newest(Session& session);
    /// As it was known at a moment. Reads all rows when something was imported since.
    base::Result<std::shared_ptr<const registry::Registry>> as_of(Session& session,
                                                                  base::WallTime moment);

private:
    base::Result<std::shared_ptr<const registry::Registry>> get(
        Session& session, std::optional<base::WallTime> moment);

    std::mutex mutex_;
    std::shared_ptr<const registry::Registry> newest_;  // null before the first
    std::optional<base::WallTime> imported_;            // the import that newest_ ends with
};

}  // namespace store
