#include "store/registry_cache.hpp"

#include "store/read_registry.hpp"

namespace store {
namespace {

base::Result<std::shared_ptr<const registry::Registry>> read(Session& session,
                                                             std::optional<base::WallTime> moment) {
    auto rows = read_registry(session, moment);
    if (!rows) return std::unexpected(rows.error());
    return registry::Registry::build(std::move(*rows));
}

}  // namespace

base::Result<std::shared_ptr<const registry::Registry>> RegistryCache::newest(Session& session) {
    return get(session, std::nullopt);
}

base::Result<std::shared_ptr<const registry::Registry>> RegistryCache::as_of(
    Session& session, base::WallTime moment) {
    return get(session, moment);
}

base::Result<std::shared_ptr<const registry::Registry>> RegistryCache::get(
    Session& session, std::optional<base::WallTime> moment) {
    std::unique_lock lock(mutex_);
    const auto imported = newest_import(session);
    if (!imported) return std::unexpected(imported.error());
    if (moment && *imported && **imported > *moment) {
        lock.unlock();
        return read(session, moment);
    }
    if (newest_ && imported_ == *imported) return newest_;
    // As of that import: one that comes in between belongs to the next.
    auto fresh = read(session, *imported ? *imported : moment);
    if (!fresh) return fresh;
    newest_ = *fresh;
    imported_ = *imported;
    return fresh;
}

}  // namespace store
