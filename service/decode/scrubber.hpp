#pragma once

#include "base/digest.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace decode {

/// Replaces secrets in the text of a record by keyed hashes, before anything is written anywhere:
/// the same secret gives the same hash within a deployment, and the hash cannot be tried offline
/// without the deployment's key.
///
/// Found are: bearer tokens and basic credentials, JWTs, PEM blocks, known key prefixes (`sk-`,
/// `cp_`, `ghp_`, `AIza` ...), and the values of members and query parameters that are named like
/// secrets
/// (`subscription-key=`, `sessionToken`, `secretAccessKey`, `password` ...). AWS key ids (AKIA,
/// ASIA) are identifiers and stay.
///
/// Not thread-safe.
class Scrubber {
public:
    /// Which members of a format hold key ids; see `secrets` in docs/reference/formats.md.
    struct Names {
        std::span<const std::string> keep;  ///< Members never replaced: they hold ids or hashes.
        std::span<const std::string> hash;  ///< Members that may hold the key itself: `kh_...`.
    };

    /// `key` is the deployment's secret, 16 bytes or more.
    explicit Scrubber(std::string_view key);
    /// Without a key: secrets become the word `scrubbed`, which tells nothing about them.
    Scrubber() = default;

    /// Appends the text to `out`, secrets replaced by `scrubbed:` and 26 characters, those of
    /// `hash` members by `kh_` and 26 characters. True when something was replaced. Clean text
    /// costs little more than a copy. The result of scrubbing a scrubbed text is the same text.
    bool scrub(std::string_view text, const Names& names, std::string& out);
    bool scrub(std::string_view text, std::string& out) { return scrub(text, Names{}, out); }

    /// 26 characters of base32: 128 bits of HMAC-SHA-256.
    [[nodiscard]] std::string hash(std::string_view secret);

private:
    std::optional<base::Mac> mac_;
};

/// True when the text holds what a Scrubber with a key writes.
[[nodiscard]] bool has_scrubbed(std::string_view text) noexcept;

}  // namespace decode
