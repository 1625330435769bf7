#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "registry/rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Keys that are found again by their text, or by a piece of it, and never kept.
///
/// A key is a literal that tells its kind (`sk-`, `acme_live_`) and random characters behind it.
/// For the whole key and for its first and last `least_random` to `most_random` random characters
/// the index holds 128 bits of HMAC-SHA-256 under a subkey of the deployment's secret. Without that
/// subkey the index confirms no guess, not even of four characters; with it, it does what it is
/// for.
namespace registry {

inline constexpr std::uint8_t least_random = 4;
inline constexpr std::uint8_t most_random = 12;

/// What a row of an import tells about a key's text. Borrows all of it.
struct KeyText {
    std::string_view key;     ///< uid of the key.
    std::string_view secret;  ///< The key itself, 16 to 4,096 bytes.
    std::string_view sha256;  ///< 64 hexadecimal digits, of the key itself.
    std::string_view prefix;  ///< Its first characters, as the provider shows them.
    std::string_view suffix;  ///< Its last ones.
};

/// What a question shows of a key, ready to be looked up. Holds nothing of the text.
struct KeyClue {
    enum class Kind : std::uint8_t { key, prefix, suffix, sha256 };

    Kind kind = Kind::key;
    KeyMark::Part part = KeyMark::Part::whole;
    /// Random characters that are compared, at most `most_random`; 0 when it is the whole key.
    std::uint8_t length = 0;
    /// How many characters the keys' alphabet has at least, by those that are shown: 10, 16, 36, 62
    /// or 64. Of n keys, n x alphabet^-length have the same piece by chance.
    std::uint8_t alphabet = 64;
    std::string digest;  ///< 16 bytes.
    /// All that is shown may belong to what every key of a kind begins with (`acme_live`): a hit
    /// counts, no hit says nothing.
    bool may_be_literal = false;
    /// Of a whole key: how records name it in which the scrubber found it.
    std::vector<std::string> credential_uids;
};

/// "key", "key-prefix", "key-suffix", "key-sha256".
[[nodiscard]] std::string_view name(KeyClue::Kind kind) noexcept;
[[nodiscard]] std::optional<KeyClue::Kind> key_clue_kind_of(std::string_view name) noexcept;

/// The names under which records show a key that was replaced by its hash: `kh_` and `scrubbed:`
/// with the 26 characters of 128 bits.
[[nodiscard]] std::vector<std::string> scrubbed_names(std::string_view digest);

/// Owned by who imports or asks. Thread-safe.
class KeyHasher {
public:
    /// `index_key` is for the index alone; `scrub_key` is the one that scrubs records.
    KeyHasher(std::string_view index_key, std::string_view scrub_key)
        : index_(index_key), scrub_(scrub_key) {}

    /// What is wrong with a row's text, in words that never quote it; nothing when all is well.
    [[nodiscard]] static std::optional<std::string> problem(const KeyText& text);
    /// The entries of a row without a problem.
    [[nodiscard]] std::vector<KeyMark> marks(const KeyText& text) const;

    /// Fails with Fault::invalid, in words that never quote the text, when no key can have it, or
    /// when it shows fewer than `least_random` random characters. Dots, stars and blanks that stand
    /// for what is not shown are taken off.
    [[nodiscard]] base::Result<KeyClue> clue(KeyClue::Kind kind, std::string_view text) const;

private:
    [[nodiscard]] std::string digest(KeyMark::Part part, std::string_view text) const;
    [[nodiscard]] std::string scrubbed(std::string_view secret) const;

    base::Mac index_;
    base::Mac scrub_;
};

/// How many characters in front are a literal: groups of letters, with two digits at most, that end
/// in `-`, `_` or `.` (`sk-`, `sk-proj-`, `acme_live_`, `SG.`), four at most, or `AIza`, `AKIA`,
/// `ASIA`. Where it takes random characters for a literal, fewer count as shown: never more.
[[nodiscard]] std::size_t literal_size(std::string_view key) noexcept;

}  // namespace registry
