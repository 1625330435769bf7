#pragma once

#include "base/time.hpp"
#include "call/batch.hpp"
#include "call/memo.hpp"
#include "call/names.hpp"
#include "rollup/activities.hpp"
#include "rollup/measure.hpp"
#include "rollup/rows.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace rollup {

/// Adds calls up until they are taken to the store. Owned by one worker. Holds a row for each
/// combination met since the last take, so whoever adds bounds it by taking.
class Rollup {
public:
    /// The seed is of the hashes inside; a secret one keeps strangers from choosing names that
    /// collide. Results do not depend on it.
    Rollup(std::shared_ptr<const call::Names> names, std::uint64_t seed);

    /// Asks for the fields that are added up.
    static void want(call::Names& names);

    /// Goes on with calls decoded for other names; what was added up stays.
    void use(std::shared_ptr<const call::Names> names);

    /// Names the source of the calls and rejects that follow. Cheap when it did not change.
    void from(std::string_view source);
    void add(const call::Call& call);
    void add(const call::Batch& batch);
    /// Records of the current source that became no call, and how many of them are none;
    /// `arrival` is that of their block.
    void reject(std::uint64_t records, std::uint64_t set_aside, base::WallTime arrival);
    /// An empty batch of the current source.
    void heartbeat(base::WallTime arrival);
    /// Calls that were added, of which the times are too far ahead of their arrival.
    void ahead(std::uint64_t calls, base::WallTime arrival);

    /// All rows; empty afterwards.
    [[nodiscard]] Rows take();

    [[nodiscard]] std::size_t size() const noexcept {  ///< Rows held.
        return activity_.size() + coverage_.size();
    }
    /// Memory of what the next take will give, about.
    [[nodiscard]] std::size_t bytes() const noexcept {
        constexpr std::size_t coverage_bytes = 256;
        return activity_.bytes() + coverage_.size() * coverage_bytes;
    }

private:
    Activities::Row& row_of(const call::Call& call, base::EventTime minute);
    void show(Activities::Row& row, const call::Call& call);
    CoverageMinute& coverage(base::EventTime minute);
    CoverageMinute& arrived(base::WallTime arrival);

    std::shared_ptr<const call::Names> names_;
    std::uint64_t seed_;
    Measure measure_;
    Activities activity_;
    boost::unordered_flat_map<std::string_view, std::uint32_t, call::SeededHash> index_;
    std::string source_;
    std::map<std::pair<std::string, base::EventTime>, CoverageMinute> coverage_;
    CoverageMinute* covered_ = nullptr;  // the row of the last call's source and minute
};

}  // namespace rollup
