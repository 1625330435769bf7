#include "presence/clue.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace presence {
namespace {

namespace ascii = base::ascii;

struct Named {
    Kind kind;
    std::string_view name;
    std::optional<Group> group;
};

constexpr auto kinds = std::to_array<Named>({
    {Kind::key, "key", Group::credential},
    {Kind::key_prefix, "key-prefix", Group::credential},
    {Kind::key_suffix, "key-suffix", Group::credential},
    {Kind::key_sha256, "key-sha256", Group::credential},
    {Kind::address, "ip", Group::egress},
    {Kind::cidr, "cidr", Group::egress},
    {Kind::asn, "asn", Group::egress},
    {Kind::domain, "domain", Group::registry},
    {Kind::party, "party", Group::registry},
    {Kind::user_agent, "user-agent", Group::client},
    {Kind::sdk, "sdk", Group::client},
    {Kind::resource, "resource", Group::resource},
    {Kind::text, "text-file", std::nullopt},
});

/// Words behind a name that say what kind of company it is.
constexpr auto company_words = std::to_array<std::string_view>(
    {"ab",  "ag",           "as",  "bv",  "co",      "company", "corp", "corporation", "gmbh",
     "inc", "incorporated", "kg",  "kk",  "limited", "llc",     "llp",  "ltd",         "nv",
     "oy",  "plc",          "pte", "pty", "sarl",    "sas",     "se",   "spa",         "srl"});

bool company_word(std::string_view word) {
    return std::ranges::find(company_words, word) != company_words.end();
}

std::unexpected<base::Error> wrong(Kind kind, std::string_view wanted) {
    return base::fail(base::Fault::invalid,
                      std::string(name(kind)) + ": give " + std::string(wanted));
}

bool key_char(char c) {
    return c > ' ' && c < 127;
}

base::Result<std::string> key_text(Kind kind, std::string_view value) {
    if (!std::ranges::all_of(value, key_char)) {
        return wrong(kind, "the characters of the key itself, without blanks");
    }
    if (kind != Kind::key && value.size() < shortest_fragment) {
        return wrong(kind, "at least 4 characters; fewer fit too many keys");
    }
    return std::string(value);
}

base::Result<std::string> hash_text(std::string_view value) {
    std::string out = ascii::lowered(value);
    const bool hexadecimal = std::ranges::all_of(
        out, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (out.size() != 64 || !hexadecimal) return wrong(Kind::key_sha256, "64 hexadecimal digits");
    return out;
}

base::Result<std::string> address_text(std::string_view value) {
    const auto address = call::parse_address(value);
    if (!address) return wrong(Kind::address, "one address, such as 192.0.2.7 or 2001:db8::7");
    return call::to_text(call::unmapped(*address));
}

base::Result<std::string> network_text(std::string_view value) {
    const auto network = call::parse_network(value);
    if (!network) {
        return wrong(Kind::cidr, "a network without host bits, such as 192.0.2.0/24");
    }
    const unsigned widest = network->start.v6 ? 16 : 8;
    if (network->prefix < widest) {
        return wrong(Kind::cidr, "a network no wider than a /8, or a /16 of IPv6");
    }
    return call::to_text(*network);
}

base::Result<std::string> asn_text(std::string_view value) {
    if (ascii::lowered(value.substr(0, 2)) == "as") value.remove_prefix(2);
    std::uint32_t number = 0;
    const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (fault != std::errc{} || stop != value.data() + value.size() || number == 0) {
        return wrong(Kind::asn, "an AS number from 1 to 4294967295, such as 64500");
    }
    return std::to_string(number);
}

base::Result<std::string> domain_text(std::string_view value) {
    std::string out = ascii::lowered(value);
    if (out.ends_with('.')) out.pop_back();
    const bool letters = std::ranges::all_of(out, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
    const bool shape = out.find('.') != std::string::npos && out.front() != '.' &&
                       out.find("..") == std::string::npos && out.size() <= 253;
    if (!letters || !shape) {
        return wrong(Kind::domain, "a name such as orchard.example, in its ASCII form");
    }
    return out;
}

base::Result<std::string> spelled(Kind kind, std::string_view value) {
    switch (kind) {
        case Kind::key:
        case Kind::key_prefix:
        case Kind::key_suffix:
            return key_text(kind, value);
        case Kind::key_sha256:
            return hash_text(value);
        case Kind::address:
            return address_text(value);
        case Kind::cidr:
            return network_text(value);
        case Kind::asn:
            return asn_text(value);
        case Kind::domain:
            return domain_text(value);
        case Kind::party:
        case Kind::user_agent:
        case Kind::sdk:
        case Kind::resource:
        case Kind::text:
            break;
    }
    return std::string(value);
}

/// Enough of a key for a person who has it to know which one is meant, too little to search for.
std::string masked_key(std::string_view key) {
    if (key.size() < 12) return std::string(key.size(), '*');
    return std::string(key.substr(0, 3)) + "..." + std::string(key.substr(key.size() - 4));
}

}  // namespace

std::string_view name(Kind kind) noexcept {
    return kinds[static_cast<std::size_t>(kind)].name;
}

std::optional<Kind> kind_of(std::string_view name) noexcept {
    const auto found = std::ranges::find(kinds, name, &Named::name);
    return found == kinds.end() ? std::nullopt : std::optional(found->kind);
}

std::string_view name(Group group) noexcept {
    static constexpr std::array<std::string_view, groups> names = {"credential", "egress", "client",
                                                                   "resource", "registry"};
    return names[static_cast<std::size_t>(group)];
}

std::optional<Group> group_of(Kind kind) noexcept {
    return kinds[static_cast<std::size_t>(kind)].group;
}

base::Result<Clue> make_clue(Kind kind, std::string_view value) {
    value = ascii::trimmed(value, ascii::is_space);
    if (value.empty()) return wrong(kind, "a value");
    const std::size_t longest = kind == Kind::text ? longest_text : longest_value;
    if (value.size() > longest) {
        return wrong(kind, "at most " + std::to_string(longest) + " bytes");
    }
    auto text = spelled(kind, value);
    if (!text) return std::unexpected(std::move(text.error()));
    return Clue{.kind = kind, .value = std::move(*text), .from = {}, .spellings = 1, .note = {}};
}

base::Result<Clue> parse_clue(std::string_view text) {
    const auto equals = text.find('=');
    const auto kind = kind_of(text.substr(0, equals));
    if (equals == std::string_view::npos || !kind) {
        std::string known;
        for (const Named& each : kinds) {
            known.append(known.empty() ? "" : ", ").append(each.name);
        }
        return base::fail(base::Fault::invalid, "a clue is KIND=VALUE; the kinds are " + known);
    }
    return make_clue(*kind, text.substr(equals + 1));
}

std::string masked(const Clue& clue) {
    switch (clue.kind) {
        case Kind::key:
            return masked_key(clue.value);
        case Kind::key_prefix:
        case Kind::key_suffix:
            return clue.value.size() <= 16 ? clue.value : masked_key(clue.value);
        case Kind::text:
            return std::to_string(clue.value.size()) + " bytes, sha256 " +
                   base::hex(base::sha256(clue.value)).substr(0, 16);
        default:
            return clue.value;
    }
}

std::optional<call::Network> network_of(const Clue& clue) {
    if (clue.kind != Kind::address && clue.kind != Kind::cidr) return {};
    return call::parse_network(clue.value);
}

std::string name_key(std::string_view party_name) {
    std::vector<std::string> words(1);
    for (const char c : party_name) {
        // Marks between words count as blanks: "Orchard, Inc." and "Orchard Inc" are one name.
        if (std::string_view(" \t\r\n.,;:()\"'").find(c) == std::string_view::npos) {
            words.back() += ascii::lower(c);
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    if (words.back().empty()) words.pop_back();
    while (words.size() > 1 && company_word(words.back())) words.pop_back();
    std::string out;
    for (const std::string& word : words) out.append(out.empty() ? "" : " ").append(word);
    return out;
}

}  // namespace presence
