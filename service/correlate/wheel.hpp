#pragma once

#include "correlate/group.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace correlate {

/// The live groups of one policy, by the first boundary at which each could be over. A boundary is
/// a multiple of `every` in event time; only there are groups forgotten.
///
/// A group is looked at when the boundary it stands under is passed, and is then put under a later
/// one if hits have come since: about once a span, whatever the number of boundaries in it.
class Wheel {
public:
    /// `every` in microseconds, at least 1.
    explicit Wheel(std::int64_t every) noexcept : every_(every) {}

    /// The last boundary passed; no_time before the first.
    [[nodiscard]] std::int64_t passed() const noexcept { return passed_; }
    void set_passed(std::int64_t boundary) noexcept { passed_ = boundary; }

    /// True when `now` is past the boundary after the last. Cheap: it is asked for each match.
    [[nodiscard]] bool turns(std::int64_t now) const noexcept {
        return passed_ == no_time || now >= passed_ + every_;
    }
    /// Passes all boundaries up to `now` and appends the groups that stood under them.
    void turn(std::int64_t now, std::vector<GroupId>& due);

    /// Puts a group under the first boundary not before `end`, or an earlier one if that is far
    /// away. A boundary must have been passed.
    void add(GroupId id, std::int64_t end);

    /// Removes the groups for which `gone` is true.
    template <class Gone>
    void erase_if(Gone gone) {
        for (auto& groups : under_) std::erase_if(groups, gone);
    }
    template <class Use>
    void each(Use use) const {
        for (const auto& groups : under_) {
            for (const GroupId id : groups) use(id);
        }
    }
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    // A span is four times `every` and a little more where that was rounded down: its end lies
    // within six boundaries.
    static constexpr std::int64_t places = 8;

    [[nodiscard]] std::int64_t number_of(std::int64_t time) const noexcept;
    [[nodiscard]] std::vector<GroupId>& under(std::int64_t number) noexcept;

    std::int64_t every_;
    std::int64_t passed_ = no_time;
    std::array<std::vector<GroupId>, places> under_;  // by the boundary's number modulo places
};

}  // namespace correlate
