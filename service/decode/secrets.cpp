#include "decode/secrets.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace decode {
namespace {

namespace ascii = base::ascii;

bool word(char c) {
    return ascii::is_alnum(c) || c == '_' || c == '-';
}
bool token_char(char c) {
    return word(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=' || c == '\\';
}

bool starts_any_case(std::string_view text, std::size_t at, std::string_view wanted) {
    if (at > text.size() || text.size() - at < wanted.size()) return false;
    return std::equal(wanted.begin(), wanted.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char a, char b) { return a == ascii::lower(b); });
}

template <class Test>
std::size_t run(std::string_view text, std::size_t at, Test test) {
    while (at < text.size() && test(text[at])) ++at;
    return at;
}

bool has_digit(std::string_view text) {
    return std::ranges::any_of(text, ascii::is_digit);
}

/// AKIA and ASIA ids name a key and are none.
bool aws_key_id(std::string_view text) {
    return (text.starts_with("AKIA") || text.starts_with("ASIA")) && text.size() <= 32;
}

bool replaced_already(std::string_view value) {
    return value.starts_with("scrubbed") || value.starts_with("kh_");
}

// ---- Secrets that are known by how they look ----

std::optional<Secret> jwt(std::string_view text, std::size_t at) {
    const std::size_t head = run(text, at, word);
    if (head - at < 10 || head >= text.size() || text[head] != '.') return {};
    const std::size_t body = run(text, head + 1, word);
    if (body - head < 9) return {};
    const std::size_t end =
        body < text.size() && text[body] == '.' ? run(text, body + 1, word) : body;
    return Secret{.start = at, .end = end};
}

std::optional<Secret> pem(std::string_view text, std::size_t at) {
    if (!text.substr(at).starts_with("-----BEGIN ")) return {};
    const std::size_t label_end = text.find("-----", at + 11);
    if (label_end == std::string_view::npos) return {};
    const std::string_view label = text.substr(at + 11, label_end - at - 11);
    if (label.size() > 40 || label.find("PRIVATE") == std::string_view::npos) return {};
    std::size_t end = text.find("-----END ", label_end);
    if (end == std::string_view::npos) {
        return Secret{.start = at, .end = std::min(text.find('"', at), text.size())};
    }
    end = text.find("-----", end + 9);
    return Secret{.start = at, .end = end == std::string_view::npos ? text.size() : end + 5};
}

/// Keys with a prefix of their own, behind something that is no letter.
std::optional<Secret> prefixed(std::string_view text, std::size_t at) {
    struct Prefix {
        std::string_view text;
        std::size_t least;  // characters behind it
    };
    static constexpr std::array<Prefix, 20> prefixes = {{
        {"sk-", 16},   {"sk_live_", 16}, {"sk_test_", 16}, {"rk_live_", 16}, {"rk_test_", 16},
        {"cp_", 32},   {"hf_", 30},      {"SG.", 40},      {"ghp_", 30},     {"gho_", 30},
        {"ghu_", 30},  {"ghs_", 30},     {"ghr_", 30},     {"glpat-", 20},   {"xoxb-", 10},
        {"xoxp-", 10}, {"xoxa-", 10},    {"xoxr-", 10},    {"xoxs-", 10},    {"AIza", 30},
    }};
    if (at > 0 && ascii::is_alnum(text[at - 1])) return {};
    for (const Prefix& prefix : prefixes) {
        if (!text.substr(at).starts_with(prefix.text)) continue;
        const std::size_t start = at + prefix.text.size();
        const std::size_t end =
            run(text, start, [&](char c) { return word(c) || (c == '.' && prefix.text == "SG."); });
        if (end - start < prefix.least || !has_digit(text.substr(start, end - start))) return {};
        return Secret{.start = at, .end = end};
    }
    return {};
}

std::optional<Secret> github_pat(std::string_view text, std::size_t at) {
    if (at < 3 || !text.substr(at - 3).starts_with("github_pat_")) return {};
    const std::size_t end = run(text, at + 8, word);
    if (end - at < 30) return {};
    return Secret{.start = at - 3, .end = end};
}

/// The credentials behind "Bearer " or "Basic "; the blank may be escaped as in URLs.
std::optional<Secret> credentials(std::string_view text, std::size_t at) {
    const bool bearer = at >= 3 && starts_any_case(text, at - 3, "bearer");
    const bool basic = !bearer && at >= 2 && starts_any_case(text, at - 2, "basic");
    if (!bearer && !basic) return {};
    std::size_t start = at + 3;
    if (text.substr(start).starts_with("%20")) {
        start += 3;
    } else {
        const std::size_t blanks = run(text, start, [](char c) { return c == ' ' || c == '+'; });
        if (blanks == start) return {};
        start = blanks;
    }
    std::size_t end = run(text, start, token_char);
    while (end > start && text[end - 1] == '\\') --end;  // They escape the quote behind.
    std::string value(text.substr(start, end - start));
    std::erase(value, '\\');
    if (replaced_already(value)) return {};
    if (bearer) {
        if (value.size() < 8 || (value.size() < 16 && !has_digit(value))) return {};
        return Secret{.start = start, .end = end};
    }
    std::string plain;
    while (value.size() % 4 != 0) value += '=';
    if (!base::from_base64(value, plain) || plain.find(':') == std::string::npos) return {};
    return Secret{.start = start, .end = end};
}

// ---- Values known by their names ----

/// Names are compared in lower case without hyphens, underscores and dots.
std::string folded(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c != '-' && c != '_' && c != '.') out += ascii::lower(c);
    }
    return out;
}

bool secret_name(std::string_view name) {
    static constexpr std::array<std::string_view, 26> names = {
        "subscriptionkey", "apikey",          "xapikey",         "secretkey",
        "accountkey",      "sharedaccesskey", "privatekey",      "functionskey",
        "sessiontoken",    "securitytoken",   "accesstoken",     "refreshtoken",
        "idtoken",         "authtoken",       "bearertoken",     "token",
        "secret",          "clientsecret",    "secretaccesskey", "password",
        "passwd",          "authorization",   "signature",       "sig",
        "cookie",          "setcookie",
    };
    // Prefixes stand in front of them: ocp-apim-, x-amz-, aws_, x-.
    static constexpr std::array<std::string_view, 10> endings = {
        "subscriptionkey", "apikey",        "securitytoken", "sessiontoken", "secretaccesskey",
        "clientsecret",    "authorization", "accesstoken",   "amzsignature", "password"};
    return std::ranges::find(names, name) != names.end() ||
           std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

bool one_of(std::span<const std::string> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

/// A value behind a name, and how it stands there.
struct Found {
    std::size_t start = 0, end = 0;
    bool member = false;  // of a JSON object, else a query parameter or a header
};

/// "name" : "value", where all quotes may be escaped.
std::optional<Found> member_value(std::string_view text, std::size_t at) {
    const std::size_t quote = run(text, at, [](char c) { return c == '\\'; });
    if (quote >= text.size() || text[quote] != '"') return {};
    const std::size_t slashes = quote - at;
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    std::size_t colon = run(text, quote + 1, blank);
    if (colon >= text.size() || text[colon] != ':') return {};
    std::size_t start = run(text, colon + 1, blank);
    const std::size_t open = run(text, start, [](char c) { return c == '\\'; });
    if (open >= text.size() || text[open] != '"' || open - start != slashes) return {};
    start = open + 1;
    // The quote that closes stands behind as many backslashes as the one that opened; inside, each
    // backslash and quote of the value has them doubled.
    for (std::size_t at_run = start; at_run < text.size();) {
        const std::size_t stop = run(text, at_run, [](char c) { return c == '\\'; });
        const std::size_t length = stop - at_run;
        if (stop < text.size() && text[stop] == '"') {
            if (length < slashes) return Found{.start = start, .end = at_run, .member = true};
            if (length % (2 * (slashes + 1)) == slashes) {
                return Found{.start = start, .end = stop - slashes, .member = true};
            }
        }
        at_run = stop + 1;
    }
    return {};
}

/// name=value up to what ends a parameter; the equals sign may be escaped.
std::optional<Found> parameter_value(std::string_view text, std::size_t at) {
    std::size_t start = at;
    if (text[at] == '=') {
        start += 1;
    } else if (starts_any_case(text, at, "\\u003d")) {
        start += 6;
    } else if (starts_any_case(text, at, "%3d")) {
        start += 3;
    } else {
        return {};
    }
    const std::size_t end = run(text, start, [](char c) {
        return ascii::is_alnum(c) || std::string_view("-_.~%+/=").contains(c);
    });
    return Found{.start = start, .end = end};
}

/// name: value, a header in a text.
std::optional<Found> header_value(std::string_view text, std::size_t at) {
    if (text[at] != ':' || at + 1 >= text.size() || text[at + 1] != ' ') return {};
    const std::size_t end =
        run(text, at + 2, [](char c) { return c != '"' && c != '\\' && c != '\r' && c != '\n'; });
    return Found{.start = at + 2, .end = end};
}

std::optional<Secret> named(std::string_view text, std::size_t at, const Scrubber::Names& names) {
    const auto name_char = [](char c) { return word(c) || c == '.'; };
    std::size_t start = at;
    while (start > 0 && at - start < 64 && name_char(text[start - 1])) --start;
    const std::size_t end = run(text, at, name_char);
    if (end >= text.size() || end - start > 64) return {};
    auto found = member_value(text, end);
    if (!found) found = parameter_value(text, end);
    if (!found) found = header_value(text, end);
    if (!found || found->end <= found->start) return {};
    const std::string_view value = text.substr(found->start, found->end - found->start);
    if (replaced_already(value) || aws_key_id(value)) return {};
    const std::string_view name = text.substr(start, end - start);
    Secret out{.start = found->start, .end = found->end};
    if (found->member && one_of(names.keep, name)) return {};
    if (found->member && one_of(names.hash, name)) {
        constexpr std::size_t least_key = 20;
        out.is_key = true;
        if (value.size() >= least_key) return out;
        return {};
    }
    const std::string plain = folded(name);
    if (plain == "key" && !found->member) {
        if (value.size() >= 16 && has_digit(value) && value.find('/') == std::string_view::npos) {
            return out;
        }
        return {};
    }
    if (!secret_name(plain)) return {};
    if (plain == "authorization" && value.size() < 8) return {};
    return out;
}

}  // namespace

std::optional<Secret> secret_at(std::string_view text, std::size_t at,
                                const Scrubber::Names& names) {
    switch (text[at]) {
        case 'e':
            if (text[at + 2] == 'J') return jwt(text, at);
            break;
        case '-':
            return pem(text, at);
        case 'h':
            if (text[at + 1] == 'u') return github_pat(text, at);
            break;
        default:
            break;
    }
    if (auto found = prefixed(text, at)) return found;
    if (auto found = credentials(text, at)) return found;
    return named(text, at, names);
}

}  // namespace decode
