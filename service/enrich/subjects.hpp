#pragma once

#include "base/time.hpp"
#include "enrich/pair_table.hpp"
#include "registry/registry.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace enrich {

/// Whose call it is: what the registry says of a key and a tenant, with what policies read most
/// beside it, so that most calls need no row of the registry.
struct Subject {
    const registry::Key* key = nullptr;
    const registry::Leak* leak = nullptr;
    const registry::Tenant* tenant = nullptr;  ///< The call's, else the key's.
    std::string_view tier;
    std::string_view party;
    base::EventTime key_created = base::EventTime::max();  ///< Not told: never.
    base::EventTime tenant_created = base::EventTime::max();
    base::EventTime key_dead_from = base::EventTime::max();
    bool declares_origin = false;
};

/// Remembers subjects, 192 bytes each. The registry must outlive it.
class Subjects {
public:
    /// `size` as in PairTable.
    Subjects(const registry::Registry& registry, std::size_t size, std::uint64_t seed);

    [[nodiscard]] std::uint64_t hash(std::string_view key, std::string_view tenant) const noexcept;
    void prefetch(std::uint64_t hash) const noexcept { known_.prefetch(hash); }
    /// Empty texts are not told. The answer is good until the next call.
    const Subject& of(std::uint64_t hash, std::string_view key, std::string_view tenant);

private:
    static constexpr std::size_t most_text = 100;
    /// A key and a tenant as one text; longer ones are not remembered.
    struct alignas(64) Line {
        Subject subject;
        std::array<char, most_text> text;
        std::uint8_t key_size;
        std::uint8_t tenant_size;
        bool used;
    };
    static_assert(sizeof(Line) == 192);

    [[nodiscard]] Subject ask(std::string_view key, std::string_view tenant) const;

    const registry::Registry& registry_;
    std::uint64_t seed_;
    /// One text for each tier: a row's own is as cold as the row.
    std::vector<std::string_view> tiers_;
    PairTable<Line> known_;
    Subject last_;
};

}  // namespace enrich
