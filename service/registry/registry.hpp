#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "call/address.hpp"
#include "registry/rows.hpp"
#include "registry/terms.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace registry {

enum class LicenceState : std::uint8_t {
    not_gated,  ///< No gate asks for a licence.
    covered,    ///< A licence covers the call.
    lapsed,     ///< A licence covered such calls earlier; it and its grace ended before this one.
    missing,    ///< The tenant is known, the operation is gated, and no licence covers it.
    unclear,    ///< The registry does not say: unknown tenant, operation or region, or rows that
                ///< contradict each other. Never an accusation.
};

[[nodiscard]] std::string_view name(LicenceState state) noexcept;

/// What a licence question is about. Empty texts mean that the call does not say.
struct LicenceQuery {
    std::string_view tenant;
    std::string_view service;
    std::string_view operation;
    std::string_view region;
    base::EventTime at;  ///< When the call was made.
    ParameterValues parameters{};
    /// What was known at this moment; none: what is known now (rows whose known_to is open).
    std::optional<base::EventTime> known_at = std::nullopt;
};

/// The answer, and the span of call times [from, until) for which it stays the same.
struct LicenceAnswer {
    LicenceState state = LicenceState::unclear;
    const Licence* licence = nullptr;  ///< Covers the call, or last covered such calls; else null.
    const Gate* gate = nullptr;        ///< The first gate that asks for a licence; else null.
    /// End of a lapsed licence, without its grace.
    std::optional<base::EventTime> ended;
    /// A licence of the holder is limited by parameters: the answer is good for their values only.
    bool by_parameters = false;
    base::EventTime from = base::EventTime::min();
    base::EventTime until = base::EventTime::max();
};

/// An immutable snapshot of all that we were told. Shared as const between threads; replaced whole.
class Registry {
public:
    /// Fails with Fault::invalid when two tenants, keys, parties or gates share a uid, or a row
    /// lacks its uid: the store's keys prevent both.
    static base::Result<std::shared_ptr<const Registry>> build(Rows rows);

    [[nodiscard]] const Tenant* tenant(std::string_view uid) const noexcept;
    [[nodiscard]] const Key* key(std::string_view uid) const noexcept;
    [[nodiscard]] const Party* party(std::string_view uid) const noexcept;

    /// First known exposure of a key, given by its uid or by its keyed hash; null if none is known.
    [[nodiscard]] const Leak* leak(std::string_view key) const noexcept;

    [[nodiscard]] LicenceAnswer licence(const LicenceQuery& query) const;
    /// The first gate that asks for a licence, null when none surely does; by service and
    /// operation.
    [[nodiscard]] const Gate* gate(const LicenceQuery& query) const noexcept;
    /// As licence(query) when that gate asks for it: looking through the gates costs most of it.
    [[nodiscard]] LicenceAnswer licence(const LicenceQuery& query, const Gate& gate) const;

    /// True when nobody told us which operations need a licence: licence states then say nothing.
    [[nodiscard]] bool no_gates() const noexcept { return rows_.gates.empty(); }
    /// Which parameters licences are limited by, by their places in ParameterValues.
    [[nodiscard]] const std::array<bool, std::tuple_size_v<ParameterValues>>& parameters_read()
        const noexcept {
        return parameters_read_;
    }
    [[nodiscard]] bool no_keys() const noexcept { return rows_.keys.empty(); }

    /// SHA-256 in hex of the rows in a fixed order: equal for equal contents.
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    [[nodiscard]] const Rows& rows() const noexcept { return rows_; }

private:
    explicit Registry(Rows rows) : rows_(std::move(rows)) {}
    using Index = boost::unordered_flat_map<std::string_view, std::uint32_t>;

    base::Result<void> index();

    Rows rows_;
    Index tenants_;
    Index keys_;
    Index parties_;
    Index leaks_;
    /// Licence rows of a tenant or party: indices into rows_.licences, grouped by licence uid.
    boost::unordered_flat_map<std::string_view, std::vector<std::uint32_t>> tenant_licences_;
    boost::unordered_flat_map<std::string_view, std::vector<std::uint32_t>> party_licences_;
    std::vector<Terms> terms_;  // by licence
    std::array<bool, std::tuple_size_v<ParameterValues>> parameters_read_{};
    std::string version_;
};

/// True when the glob covers the text: `*` is any run of characters, `?` one byte; letters are
/// compared without regard to ASCII case. Linear in practice: no backtracking beyond the last `*`.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text) noexcept;

}  // namespace registry
