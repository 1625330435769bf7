#pragma once

#include "call/field.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace call {

/// A place in a call's row.
using Slot = std::uint16_t;
inline constexpr Slot no_slot = 0xffff;

/// The names that somebody will read: policies, group keys, rollups, stored columns. A call is
/// decoded into one slot for each of them and into nothing else, so its cost follows what is used.
///
/// A name is either a Field's or a path into the raw record (`userIdentity.type`). A format fills a
/// name by its own mapping if it has one, else by that path in the record.
///
/// Built once a configuration, then shared as const by all threads.
class Names {
public:
    /// The slot of the name, added when it is new. Short names become dotted ones. At most 4,000
    /// names.
    Slot add(std::string_view name);
    Slot add(Field field) { return add(call::name(field)); }

    [[nodiscard]] Slot find(std::string_view name) const noexcept;  ///< no_slot if not wanted
    [[nodiscard]] Slot slot(Field field) const noexcept {
        return by_field_[static_cast<std::size_t>(field)];
    }
    [[nodiscard]] const std::string& name(Slot slot) const { return names_[slot]; }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

    Names();

private:
    std::vector<std::string> names_;
    boost::unordered_flat_map<std::string, Slot> by_name_;
    std::array<Slot, field_count> by_field_;
};

}  // namespace call
