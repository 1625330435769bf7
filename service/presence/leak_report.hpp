#pragma once

#include "base/result.hpp"
#include "presence/facts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a code host reports that found keys of ours in public: the de facto protocol of
/// secret-scanning partners, a JSON array of {token, type, url, source} that is answered with a
/// JSON array of {token_hash, token_type, label}.
namespace presence {

inline constexpr std::size_t most_found_tokens = 1'000;

/// A text that looks like a key of ours.
struct FoundToken {
    std::string token;  ///< In clear: never stored, printed or logged. See wipe().
    std::string type;   ///< The reporter's word for its kind; goes back to it and nowhere else.
    std::string place;  ///< "content https://host/path": where it stands, without any token.
    /// Whether it is a key of ours, as the key index has it; none: the index cannot tell.
    std::optional<bool> ours;

    bool operator==(const FoundToken&) const = default;
};

/// Fault::exhausted for more than `most_found_tokens`, Fault::invalid for what is no report; the
/// reason never quotes it. Unknown members are skipped, a missing url, source or type is none.
///
/// A place may quote what was found: of a URL, what stands behind `?` and in front of `@` is cut
/// off, and one that shows a token of the report, percent-encoded or not, keeps its host alone.
base::Result<std::vector<FoundToken>> read_leak_report(std::string_view body);

/// The answer to the reporter: each token that could be judged, by its SHA-256 in base64, in the
/// order of the report.
[[nodiscard]] std::string feedback(const std::vector<FoundToken>& tokens);

/// Overwrites the tokens.
void wipe(std::vector<FoundToken>& tokens) noexcept;

/// The case of a question about keys that were found at these places: "leak:" and 16 characters.
/// The same keys at the same places, in any order, are the same case.
[[nodiscard]] std::string leak_case(std::vector<std::string> keys, std::vector<std::string> places);

/// What to ask about a key that was found: was it used, through which tenant, in the usual period
/// before `newest`?
[[nodiscard]] Question leak_question(std::string_view token, std::string case_ref,
                                     std::string asked_by, base::EventTime newest);

}  // namespace presence
