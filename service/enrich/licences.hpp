#pragma once

#include "call/memo.hpp"
#include "enrich/pair_table.hpp"
#include "registry/registry.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace enrich {

/// Licence answers by tenant, operation and region, remembered in 64 bytes each for the span of
/// call times that they hold for. Most operations need no licence: they are told apart before
/// anybody asks who called.
class Licences {
public:
    struct Answer {
        registry::LicenceState state = registry::LicenceState::unclear;
        const registry::Licence* licence = nullptr;
        base::EventTime ended = base::EventTime::max();  ///< Not lapsed: never.
    };

    /// `size` as in PairTable. The registry must outlive it.
    Licences(const registry::Registry& registry, std::size_t size, std::uint64_t seed)
        : registry_(registry), seed_(seed), words_(seed), known_(size) {}

    /// `tenant` is the row of query.tenant, null when there is none.
    Answer of(const registry::LicenceQuery& query, const registry::Tenant* tenant);
    /// Forgets the operations and regions once there are many: a caller may make them up.
    void make_room();

private:
    struct Operation {
        const registry::Gate* gate = nullptr;
        bool unclear = false;  // a gate may ask for a licence, but the call does not say enough
        std::uint32_t number = 0;
    };
    struct Words {
        explicit Words(std::uint64_t seed) : operations(seed), regions(seed) {}
        call::Memo<Operation> operations;
        call::Memo<std::uint32_t> regions;
    };
    struct Place {
        const registry::Tenant* tenant;
        std::uint32_t operation;
        std::uint32_t region;
        bool operator==(const Place&) const = default;
    };
    struct alignas(64) Line {
        Place place;
        base::EventTime from;
        base::EventTime until;
        base::EventTime ended;
        const registry::Licence* licence;
        registry::LicenceState state;
        bool used;
    };
    static_assert(sizeof(Line) == 64);

    const Operation& operation(const registry::LicenceQuery& query);
    std::uint32_t region(std::string_view text);

    const registry::Registry& registry_;
    std::uint64_t seed_;
    Words words_;
    std::size_t bytes_ = 0;
    std::uint32_t last_ = 0;
    PairTable<Line> known_;
};

}  // namespace enrich
