#include "registry/key_hasher.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace registry {
namespace {

namespace ascii = base::ascii;

constexpr std::size_t least_secret = 16;
constexpr std::size_t most_secret = 4'096;
constexpr std::size_t digest_bytes = 16;
constexpr std::size_t most_groups = 4;
constexpr std::size_t most_letters = 12;

constexpr std::array<std::string_view, 4> kinds = {"key", "key-prefix", "key-suffix", "key-sha256"};
constexpr std::array<std::string_view, 3> bare_literals = {"AIza", "AKIA", "ASIA"};

bool key_char(char c) noexcept {
    return ascii::is_alnum(c) || std::string_view("-_.~+/=").contains(c);
}

/// The end of what may be a group of a literal, or be the start of one: letters of one case (the
/// first may be a capital) and two digits at most.
std::size_t group_end(std::string_view text, std::size_t at) noexcept {
    const std::size_t start = at;
    if (at < text.size() && ascii::is_upper(text[at])) ++at;
    if (at < text.size() && ascii::is_lower(text[at])) {
        while (at < text.size() && ascii::is_lower(text[at])) ++at;
    } else {
        while (at < text.size() && ascii::is_upper(text[at])) ++at;
    }
    if (at == start || at - start > most_letters) return start;
    for (int digits = 0; digits < 2 && at < text.size() && ascii::is_digit(text[at]); ++digits)
        ++at;
    return at;
}

std::size_t groups_size(std::string_view text, std::size_t& groups) noexcept {
    std::size_t at = 0;
    for (groups = 0; groups < most_groups; ++groups) {
        const std::size_t end = group_end(text, at);
        if (end == at || end >= text.size() || !std::string_view("-_.").contains(text[end])) break;
        at = end + 1;
    }
    return at;
}

/// True when a piece from a key's front ends in what may be a group of its literal.
bool ends_in_group(std::string_view text) noexcept {
    std::size_t groups = 0;
    const std::size_t literal = groups_size(text, groups);
    return groups < most_groups && group_end(text, literal) == text.size();
}

/// Base64 fills up with equals signs, which say nothing.
std::string_view without_padding(std::string_view text) noexcept {
    while (text.ends_with('=')) text.remove_suffix(1);
    return text;
}

/// Takes off what stands for hidden characters, at the end (of a prefix) or the front.
std::string_view without_cover(std::string_view text, bool at_end) noexcept {
    static constexpr std::array<std::string_view, 5> covers = {"...", "*", "\u2026", "\u2022",
                                                               "\u25cf"};
    text = ascii::trimmed(text, ascii::is_space);
    for (bool more = true; more;) {
        more = false;
        for (const auto cover : covers) {
            while (at_end ? text.ends_with(cover) : text.starts_with(cover)) {
                at_end ? text.remove_suffix(cover.size()) : text.remove_prefix(cover.size());
                more = true;
            }
        }
    }
    return text;
}

std::uint8_t alphabet_of(std::string_view text) noexcept {
    const auto all = [&](auto test) { return std::ranges::all_of(text, test); };
    if (all(ascii::is_digit)) return 10;
    if (all([](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'f'); }) ||
        all([](char c) { return ascii::is_digit(c) || (c >= 'A' && c <= 'F'); })) {
        return 16;
    }
    if (all([](char c) { return ascii::is_digit(c) || ascii::is_lower(c); }) ||
        all([](char c) { return ascii::is_digit(c) || ascii::is_upper(c); })) {
        return 36;
    }
    return all(ascii::is_alnum) ? 62 : 64;
}

std::optional<std::string> secret_problem(std::string_view secret) {
    if (secret.size() < least_secret || secret.size() > most_secret)
        return "has " + std::to_string(secret.size()) + " bytes; a key has 16 to 4096";
    const bool printable = std::ranges::all_of(secret, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!printable) return "holds blanks or what is no printable ASCII; write the key alone";
    return std::nullopt;
}

/// The bytes of 64 hexadecimal digits.
std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() != 64) return std::nullopt;
    const auto value = [](char c) {
        if (ascii::is_digit(c)) return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = value(text[i]), low = value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

std::string bytes_of(std::span<const std::uint8_t> digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string_view shown_by(KeyMark::Part part, std::string_view text) noexcept {
    return part == KeyMark::Part::prefix ? text.substr(literal_size(text)) : without_padding(text);
}

std::optional<std::string> piece_problem(KeyMark::Part part, std::string_view text) {
    if (!std::ranges::all_of(text, key_char))
        return "holds a character that no key has; write the characters that are shown, without a "
               "break";
    if (text.contains("..")) return "has a gap; ask by the piece before or the piece behind it";
    const auto shown = shown_by(part, text).size();
    if (shown >= least_random) return std::nullopt;
    std::string out = "shows " + std::to_string(shown) + " random characters; at least " +
                      std::to_string(least_random) + " are needed";
    if (part == KeyMark::Part::prefix) out += ", behind what all keys of its kind begin with";
    return out;
}

/// The text that is compared for `length` random characters.
std::string_view compared(KeyMark::Part part, std::string_view text, std::size_t length) noexcept {
    const std::size_t random = shown_by(part, text).size();
    if (part == KeyMark::Part::prefix) return text.substr(0, text.size() - random + length);
    return without_padding(text).substr(random - length);
}

}  // namespace

std::string_view name(KeyClue::Kind kind) noexcept {
    return kinds[static_cast<std::size_t>(kind)];
}

std::optional<KeyClue::Kind> key_clue_kind_of(std::string_view text) noexcept {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i] == text) return static_cast<KeyClue::Kind>(i);
    }
    return std::nullopt;
}

std::size_t literal_size(std::string_view key) noexcept {
    std::size_t groups = 0;
    const std::size_t size = groups_size(key, groups);
    if (groups > 0) return size;
    for (const auto literal : bare_literals) {
        if (key.starts_with(literal)) return literal.size();
    }
    return 0;
}

std::vector<std::string> scrubbed_names(std::string_view digest) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(digest.data());
    const std::string text = base::base32({first, digest.size()});
    return {"kh_" + text, "scrubbed:" + text};
}

std::string KeyHasher::digest(KeyMark::Part part, std::string_view text) const {
    base::LengthPrefixed message;
    message.add(name(part)).add(text);
    const base::Digest mac = index_(message.text());
    return bytes_of(std::span(mac).first(digest_bytes));
}

std::string KeyHasher::scrubbed(std::string_view secret) const {
    const base::Digest mac = scrub_(secret);
    return bytes_of(std::span(mac).first(digest_bytes));
}

std::optional<std::string> KeyHasher::problem(const KeyText& text) {
    const auto in = [](const char* column, std::optional<std::string> what) {
        if (what) what->insert(0, std::string(column) + ": ");
        return what;
    };
    if (!text.secret.empty()) {
        if (auto what = secret_problem(text.secret)) return in("secret", std::move(what));
        if (!text.secret.starts_with(text.prefix))
            return in("prefix", "the secret begins otherwise");
        if (!text.secret.ends_with(text.suffix)) return in("suffix", "the secret ends otherwise");
    }
    if (!text.sha256.empty()) {
        const auto told = from_hex(text.sha256);
        if (!told) return in("sha256", "write 64 hexadecimal digits");
        if (!text.secret.empty() && *told != bytes_of(base::sha256(text.secret)))
            return in("sha256", "is not that of the secret");
    }
    if (!text.secret.empty()) return std::nullopt;  // its own pieces are longer
    if (!text.prefix.empty()) {
        if (auto what = piece_problem(KeyMark::Part::prefix, text.prefix))
            return in("prefix", std::move(what));
    }
    if (!text.suffix.empty()) {
        if (auto what = piece_problem(KeyMark::Part::suffix, text.suffix))
            return in("suffix", std::move(what));
    }
    return std::nullopt;
}

std::vector<KeyMark> KeyHasher::marks(const KeyText& text) const {
    std::vector<KeyMark> out;
    const auto add = [&](KeyMark::Part part, std::size_t length, std::string digest) {
        out.push_back(
            {std::string(text.key), part, static_cast<std::uint8_t>(length), std::move(digest)});
    };
    const bool whole = !text.secret.empty();
    if (whole || !text.sha256.empty()) {
        const std::string sum =
            whole ? bytes_of(base::sha256(text.secret)) : *from_hex(text.sha256);
        add(KeyMark::Part::whole, 0, digest(KeyMark::Part::whole, sum));
    }
    if (whole) add(KeyMark::Part::scrubbed, 0, scrubbed(text.secret));
    // Both ends of a whole key are cut from what is behind its literal, or a short key's literal
    // would count as random at its other end.
    const std::string_view random =
        whole ? text.secret.substr(literal_size(text.secret)) : std::string_view();
    const std::string_view front = whole ? text.secret : text.prefix;
    const std::size_t in_front = whole ? random.size() : front.substr(literal_size(front)).size();
    const std::string_view back = without_padding(whole ? random : text.suffix);
    for (std::size_t length = least_random; length <= most_random; ++length) {
        if (length <= in_front) {
            const auto piece = front.substr(0, front.size() - in_front + length);
            add(KeyMark::Part::prefix, length, digest(KeyMark::Part::prefix, piece));
        }
        if (length <= back.size()) {
            const auto piece = back.substr(back.size() - length);
            add(KeyMark::Part::suffix, length, digest(KeyMark::Part::suffix, piece));
        }
    }
    return out;
}

base::Result<KeyClue> KeyHasher::clue(KeyClue::Kind kind, std::string_view text) const {
    const auto wrong = [&](std::string_view what) {
        return base::fail(base::Fault::invalid, std::string(name(kind)) + ": " + std::string(what));
    };
    KeyClue out;
    out.kind = kind;
    if (kind == KeyClue::Kind::key) {
        const auto secret = ascii::trimmed(text, ascii::is_space);
        if (const auto what = secret_problem(secret)) return wrong(*what);
        out.digest = digest(out.part, bytes_of(base::sha256(secret)));
        out.credential_uids = scrubbed_names(scrubbed(secret));
        return out;
    }
    if (kind == KeyClue::Kind::sha256) {
        auto digits = ascii::trimmed(text, ascii::is_space);
        if (digits.starts_with("sha256:")) digits.remove_prefix(7);
        const auto sum = from_hex(digits);
        if (!sum) return wrong("write the 64 hexadecimal digits of the key's SHA-256");
        out.digest = digest(out.part, *sum);
        return out;
    }
    const bool prefix = kind == KeyClue::Kind::prefix;
    out.part = prefix ? KeyMark::Part::prefix : KeyMark::Part::suffix;
    const auto piece = without_cover(text, prefix);
    if (const auto what = piece_problem(out.part, piece)) return wrong(*what);
    const std::size_t shown = shown_by(out.part, piece).size();
    out.length = static_cast<std::uint8_t>(std::min<std::size_t>(shown, most_random));
    const auto same = compared(out.part, piece, out.length);
    out.alphabet = alphabet_of(same.substr(same.size() - out.length));
    out.may_be_literal = prefix && ends_in_group(piece);
    out.digest = digest(out.part, same);
    return out;
}

}  // namespace registry
