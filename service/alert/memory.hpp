#pragma once

#include "correlate/codec.hpp"
#include "correlate/firing.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace alert {

/// What is remembered of an alert that can still be updated. Times are microseconds.
struct Open {
    std::int64_t opened = 0;
    std::int64_t last_seen = 0;
    std::int64_t quiet_until = 0;
    /// When it is forgotten: at quiet_until; if a late call opened it, no sooner than a quiet time
    /// after the watermark at which that was known. Others may come as late as it did.
    std::int64_t forget_at = 0;
    std::uint64_t count = 0;
    std::uint64_t late = 0;  ///< Late calls that joined it.
    bool by_late = false;    ///< A late call opened it.
};

/// The alerts that can still be updated, by whom they are about (a base::LengthPrefixed) and when
/// they opened. One thread.
///
/// In order of time there is one a subject. Late calls open alerts before it: several may stand
/// beside each other then, each with a quiet time of its own.
class Memory {
public:
    /// The alert that the firing belongs to, or null. `whom` names policy and subject.
    ///
    /// It is the last one opened not after the firing, if its quiet time reaches that far. A late
    /// firing also belongs to one opened less than a quiet time after it: somebody was told of the
    /// same already. A repeat belongs to its episode's alert, even after the quiet time.
    [[nodiscard]] Open* find(std::string_view whom, const correlate::Firing& firing);

    void add(std::string_view whom, const Open& open);
    /// Forgets those with forget_at <= `now`.
    void forget_before(std::int64_t now);
    /// Forgets the one that is due first.
    void forget_first();
    /// Forgets those about whom `names` is true of a part of: the tenant or the subject.
    void forget(const std::function<bool(std::string_view)>& names);
    [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

    void save(correlate::Writer& out) const;
    /// Into an empty memory. Spoils the reader when what it finds cannot be.
    void load(correlate::Reader& in);

private:
    using Map = std::map<std::string, Open, std::less<>>;  // by whom and, of one, by time

    [[nodiscard]] static std::string key_of(std::string_view whom, std::int64_t opened);
    [[nodiscard]] static bool is_of(std::string_view key, std::string_view whom) noexcept;

    Map open_;
    std::set<std::pair<std::int64_t, std::string_view>> due_;  // views of open_'s keys
};

}  // namespace alert
