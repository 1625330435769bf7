#pragma once

#include "call/field.hpp"
#include "call/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

/// The parameters of a licence: `name=value`, with the name of a call's field.
namespace registry {

/// How far a row speaks about a call: `maybe` when the call lacks a name the row is limited by.
enum class Fit : std::uint8_t { no, maybe, yes };

/// Fields that a licence may limit by a glob, or by several, of which one must cover the value.
inline constexpr std::array glob_parameters = {call::Field::model, call::Field::resource_uid,
                                               call::Field::resource_type, call::Field::api_version,
                                               call::Field::cloud_account_uid};
/// Fields that a licence may limit by the greatest value that one call may have.
inline constexpr std::array most_parameters = {call::Field::units, call::Field::input_tokens,
                                               call::Field::output_tokens,
                                               call::Field::http_request_bytes};

/// The values of a call by which licences may be limited, in the order of the two lists; absent
/// where the call does not say.
using ParameterValues = std::array<call::Value, glob_parameters.size() + most_parameters.size()>;

/// The field at a place of ParameterValues.
[[nodiscard]] constexpr call::Field parameter_field(std::size_t place) noexcept {
    return place < glob_parameters.size() ? glob_parameters[place]
                                          : most_parameters[place - glob_parameters.size()];
}

/// What is wrong with the parameters of a row that is imported; nothing when all is well.
[[nodiscard]] std::optional<std::string> parameter_problem(std::span<const std::string> parameters);

/// The parameters of one licence, ready to be tested.
class Terms {
public:
    /// What is not understood is left out: a row of an earlier import stays as wide as it was.
    [[nodiscard]] static Terms of(std::span<const std::string> parameters);

    [[nodiscard]] bool empty() const noexcept { return terms_.empty(); }
    /// `no` only when the call shows a value outside: absent values and lists that are partly
    /// inside are `maybe`.
    [[nodiscard]] Fit fit(const ParameterValues& values) const noexcept;
    /// Adds the places of ParameterValues that it reads.
    void mark(std::array<bool, std::tuple_size_v<ParameterValues>>& read) const noexcept;

private:
    struct Term {
        std::size_t place = 0;
        std::vector<std::string> globs;  // of a glob parameter
        std::uint64_t most = 0;          // of the others
    };
    static Fit fit_one(const Term& term, const call::Value& value) noexcept;
    std::vector<Term> terms_;
};

}  // namespace registry
