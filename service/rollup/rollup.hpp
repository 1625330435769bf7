#pragma once

#include "base/time.hpp"
#include "call/batch.hpp"
#include "call/names.hpp"
#include "rollup/rows.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace rollup {

/// Adds calls up until they are taken to the store. Owned by one worker; allocates only for keys
/// it has not seen since the last take.
class Rollup {
public:
    struct Options {
        /// Rows kept per grain between two takes; 1 to 10'000'000. What is beyond counts in rows of
        /// the key `(other)` (one for each minute or hour, at most 1'024 a grain, and past that one
        /// at the epoch) and in `overflowed`.
        std::size_t max_rows = 250'000;
        std::uint64_t seed = 0;  ///< Of the hashes inside; a random one keeps strangers from
                                 ///< choosing names that collide. Results do not depend on it.
    };

    /// Aborts when an option is out of range: `app` checks them.
    Rollup(std::shared_ptr<const call::Names> names, Options options);
    ~Rollup();
    Rollup(Rollup&& other) noexcept;
    Rollup& operator=(Rollup&& other) noexcept;

    /// Asks for the fields that are added up.
    static void want(call::Names& names);

    /// Names the source of the calls and rejects that follow. Cheap when it did not change.
    void from(std::string_view source);
    void add(const call::Call& call);
    void add(const call::Batch& batch);
    /// Records of the current source that became no call; `arrival` is that of their block.
    void reject(std::uint64_t records, base::WallTime arrival);

    /// Adds everything of the other, which is then empty.
    void merge(Rollup&& other);

    /// All rows ascending by key; empty afterwards.
    [[nodiscard]] Rows take();
    void clear();

    [[nodiscard]] std::size_t size() const noexcept;  ///< Rows held.
    /// Calls whose row became `(other)` in some grain, ever.
    [[nodiscard]] std::uint64_t overflowed() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace rollup
