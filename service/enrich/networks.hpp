#pragma once

#include "call/memo.hpp"
#include "enrich/pair_table.hpp"
#include "enrich/table.hpp"

#include <memory>
#include <vector>

namespace enrich {

/// What the tables say about addresses, remembered in 128 bytes each.
class Networks {
public:
    /// `size` as in PairTable. The tables must outlive it.
    Networks(const std::vector<std::shared_ptr<const Table>>& tables, std::size_t size,
             std::uint64_t seed)
        : tables_(tables), seed_(seed), known_(tables.empty() ? 2 : size) {}

    [[nodiscard]] std::uint64_t hash(const call::Address& address) const noexcept {
        return call::SeededHash{seed_}(
            {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
    }
    void prefetch(std::uint64_t hash) const noexcept { known_.prefetch(hash); }
    /// Unmapped. The answer is good until the next call.
    const NetworkFacts& of(std::uint64_t hash, const call::Address& address) {
        const auto same = [&](const Line& line) { return line.address == address; };
        if (const Line* line = known_.find(hash, same)) return line->facts;
        Line line{.facts = {}, .address = address, .used = true};
        for (const auto& table : tables_) table->look_up(address, line.facts);
        return known_.add(hash, line).facts;
    }

private:
    struct alignas(64) Line {
        NetworkFacts facts;
        call::Address address;
        bool used;
    };
    static_assert(sizeof(Line) == 128);

    const std::vector<std::shared_ptr<const Table>>& tables_;
    std::uint64_t seed_;
    PairTable<Line> known_;
};

}  // namespace enrich
