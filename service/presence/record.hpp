#pragma once

#include "presence/answer.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace presence {

/// How much of an answer a reader may see.
enum class View : std::uint8_t {
    full,          ///< With tenants, keys and addresses: for the case.
    pseudonymous,  ///< Each identifier as a token that is the same within this record only.
    press,         ///< No identifier at all: what may be said outside.
};
[[nodiscard]] std::string_view name(View view) noexcept;

/// The JSON of an answer (attribution.md 4.3, with `use` and `licence` in place of `verdict`).
/// A key in clear never stands in it. Members are in a fixed order.
[[nodiscard]] boost::json::object to_json(const Question& question, const Facts& facts,
                                          const Answer& answer);

/// The same without identifiers, out of the full record: the three are renderings of one record.
[[nodiscard]] boost::json::object render(const boost::json::object& record, View view);

/// One line of JSON, the same bytes for the same value everywhere: members in their order, numbers
/// that are not whole with at most four decimals, no exponent.
[[nodiscard]] std::string canonical(const boost::json::value& value);

/// "w-" and 26 characters of the digest of the canonical record: the same question over the same
/// data has the same id.
[[nodiscard]] std::string id_of(const boost::json::object& record);

/// The record as stored and sent: its id first, `signature` last. What is signed is the text up to
/// `,"signature":` and a closing brace; a verifier needs no JSON library to get it back.
/// `signature` is "ed25519:KEY:BASE64".
[[nodiscard]] std::string with_id(const boost::json::object& record);
[[nodiscard]] std::string with_signature(std::string_view record, std::string_view signature);
/// The signed text and its signature; nothing when there is none.
struct Signed {
    std::string text;
    std::string signature;
};
[[nodiscard]] std::optional<Signed> split_signature(std::string_view record);

/// The answer for a terminal.
[[nodiscard]] std::string to_text(const boost::json::object& record);

}  // namespace presence
