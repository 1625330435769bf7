#pragma once

#include "base/result.hpp"
#include "call/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The presence question: is party X using our API, through which tenants and keys, with a licence
/// or not, and how sure are we? docs/explanation/presence.md says how it is answered and why.
namespace presence {

/// What somebody knows about the party that is asked about.
enum class Kind : std::uint8_t {
    key,         ///< A whole API key.
    key_prefix,  ///< How a key begins.
    key_suffix,  ///< How it ends: what a dashboard shows.
    key_sha256,  ///< SHA-256 of a key, 64 hexadecimal digits.
    address,
    cidr,
    asn,
    domain,
    party,       ///< Name, alias or registry uid.
    user_agent,  ///< A whole User-Agent text, or a product in it.
    sdk,         ///< A client library, "name" or "name/version".
    resource,    ///< Id of a gallery, dataset, deployment ...
    text,        ///< Code, or text out of a screenshot: other clues are read from it.
};

/// "key", "key-prefix", "key-suffix", "key-sha256", "ip", "cidr", "asn", "domain", "party",
/// "user-agent", "sdk", "resource", "text-file".
[[nodiscard]] std::string_view name(Kind kind) noexcept;
[[nodiscard]] std::optional<Kind> kind_of(std::string_view name) noexcept;

/// Evidence of one group is one voice, however many clues it has (attribution.md 1.4).
enum class Group : std::uint8_t { credential, egress, client, resource, registry };
inline constexpr std::size_t groups = 5;
[[nodiscard]] std::string_view name(Group group) noexcept;
/// The group that a clue of this kind speaks in; nothing for `text`, which is read first.
[[nodiscard]] std::optional<Group> group_of(Kind kind) noexcept;

struct Clue {
    Kind kind = Kind::party;
    /// In one spelling: addresses and networks as RFC 5952, names trimmed, domains and hashes in
    /// lower case. A key in clear: never stored, printed or logged; see masked().
    std::string value;
    /// The clue that this one was read from, by place in the question; none when it was given.
    std::optional<std::size_t> from;
    /// Of a clue out of a text: how many spellings were tried for what looks alike (0 and O).
    std::uint32_t spellings = 1;
    std::string note;  ///< Why a derived clue is here: "network of party p-orchard".

    bool operator==(const Clue&) const = default;
};

/// Limits of a question.
inline constexpr std::size_t most_clues = 64;
inline constexpr std::size_t longest_value = 1024;
inline constexpr std::size_t longest_text = 64 * 1024;
/// Fewer known characters of a key than this say nothing: many keys would fit.
inline constexpr std::size_t shortest_fragment = 4;

/// Reads one clue. Fault::invalid says what the kind takes instead; the reason never holds a key.
base::Result<Clue> make_clue(Kind kind, std::string_view value);
/// "KIND=VALUE".
base::Result<Clue> parse_clue(std::string_view text);

/// The value as a record may hold it: of a key its first three and last four characters at most,
/// of a text its length and digest.
[[nodiscard]] std::string masked(const Clue& clue);

/// Network of an `ip` or `cidr` clue.
[[nodiscard]] std::optional<call::Network> network_of(const Clue& clue);

/// Letters of ASCII in lower case, runs of blanks as one, none at the ends; with the words that
/// only say what kind of company it is ("Ltd", "GmbH", "Inc.") dropped from the end. Two spellings
/// of one name become equal; different names do not.
[[nodiscard]] std::string name_key(std::string_view party_name);

/// The clues that stand in a code or screenshot text: hosts, addresses, key-like strings, user
/// agents, client libraries with versions, resource ids. `from` is the text's place in the
/// question. Letters and digits that a reader confuses (0 O, 1 l I) give further spellings of a
/// key-like string, at most 16, each counted in Clue::spellings.
[[nodiscard]] std::vector<Clue> clues_in(std::string_view text, std::size_t from);

}  // namespace presence
