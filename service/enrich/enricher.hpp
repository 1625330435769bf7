#pragma once

#include "call/batch.hpp"
#include "call/names.hpp"
#include "enrich/table.hpp"
#include "registry/registry.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

/// Joins to each call what reference tables and the registry say about it.
namespace enrich {

/// All reference data of one configuration. Immutable, replaced whole.
struct Snapshot {
    std::shared_ptr<const registry::Registry> registry;
    /// Asked in this order; the first that knows a fact wins.
    std::vector<std::shared_ptr<const Table>> tables;

    /// The versions used, as `name=digest` lines, the registry first.
    [[nodiscard]] std::string version() const;
};

/// Fills the facts tenant.*, party.*, key.*, licence.* and src_endpoint.* (AS, country, kind,
/// network) that Names wants. What is not known stays absent, and what the record itself said is
/// kept. Owned by one worker, which remembers answers in tables of fixed size.
class Enricher {
public:
    struct Options {
        /// What the registry knew at this moment; none: what it knows now.
        std::optional<base::EventTime> known_at;
        /// Answers remembered of each kind: subjects (192 bytes each), addresses (128), licences
        /// (64). The next power of two below counts. 16 to 10'000'000.
        std::size_t max_remembered = 32'768;
        std::uint64_t seed = 0;  ///< Of the hashes inside; results do not depend on it.
    };

    Enricher(Snapshot snapshot, std::shared_ptr<const call::Names> names, Options options);
    Enricher(Snapshot snapshot, std::shared_ptr<const call::Names> names);
    ~Enricher();
    Enricher(Enricher&& other) noexcept;
    Enricher& operator=(Enricher&& other) noexcept;

    /// Adds the fields that wanted facts are computed from, what licences of the registry are
    /// limited by among them. Call once Names is otherwise complete. The registry may be null.
    static void want(call::Names& names, const registry::Registry* registry);

    /// The batch keeps the snapshot alive for as long as its calls point into it.
    void apply(call::Batch& batch);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace enrich
