#include "presence/leak_report.hpp"

#include "base/ascii.hpp"
#include "base/assert.hpp"
#include "base/digest.hpp"
#include "base/wipe.hpp"
#include "presence/question.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <optional>
#include <span>

namespace presence {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_type = 256;
constexpr std::size_t longest_source = 64;
// Far below what an entry of the registry's index may have.
constexpr std::size_t longest_url = 1'000;
// A shorter text is no key of ours, and stands in too many addresses by chance.
constexpr std::size_t shortest_token = 8;
constexpr int most_encodings = 3;
constexpr std::size_t digest_bytes = 10;

std::optional<std::string> text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || value->is_null()) return "";
    if (!value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
        const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
        if (text[i] != '%' || !low) {
            out += text[i];
            continue;
        }
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return out;
}

bool shows_a_token(std::string text, const std::vector<FoundToken>& tokens) {
    for (int round = 0; round <= most_encodings; ++round) {
        const bool shows = std::ranges::any_of(tokens, [&](const FoundToken& each) {
            return each.token.size() >= shortest_token && text.contains(each.token);
        });
        if (shows) return true;
        std::string decoded = percent_decoded(text);
        if (decoded == text) return false;
        text = std::move(decoded);
    }
    return true;  // who encodes so often hides something
}

std::string clean_source(std::string_view source, const std::vector<FoundToken>& tokens) {
    std::string out = base::ascii::lowered(source);
    const bool word =
        !out.empty() && out.size() <= longest_source &&
        std::ranges::all_of(out, [](char c) { return base::ascii::is_lower(c) || c == '_'; });
    return word && !shows_a_token(std::string(source), tokens) ? out : "unknown";
}

/// Empty when it is no web address.
std::string clean_url(std::string_view url, const std::vector<FoundToken>& tokens) {
    const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 127; });
    const auto scheme = url.find("://");
    const bool web = url.starts_with("https://") || url.starts_with("http://");
    if (!printable || !web) return {};
    url = url.substr(0, url.find('?'));
    const std::string_view name = url.substr(0, scheme + 3);
    std::string_view rest = url.substr(scheme + 3);
    std::string_view host = rest.substr(0, rest.find_first_of("/#"));
    rest.remove_prefix(host.size());
    if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    if (host.empty() || shows_a_token(std::string(host), tokens)) return {};
    const std::string whole = std::string(name).append(host).append(rest).substr(0, longest_url);
    // The whole path is looked at: what was cut off may have been the end of a token.
    if (!shows_a_token(std::string(rest), tokens)) return whole;
    return std::string(name).append(host).append("/...");
}

std::string sha256_base64(std::string_view token) {
    return base::base64(base::sha256(token));
}

}  // namespace

base::Result<std::vector<FoundToken>> read_leak_report(std::string_view body) {
    const auto wrong = [] {
        return base::fail(
            base::Fault::invalid,
            "send a JSON array of objects with the texts token, type, url and source");
    };
    boost::system::error_code fault;
    const auto parsed = json::parse(body, fault);
    const auto* array = fault ? nullptr : parsed.if_array();
    if (!array) return wrong();
    if (array->size() > most_found_tokens) {
        return base::fail(base::Fault::exhausted, "a report has at most " +
                                                      std::to_string(most_found_tokens) +
                                                      " tokens; send the others in the next one");
    }
    std::vector<FoundToken> out;
    std::vector<std::pair<std::string, std::string>> places;  // source and url as they came
    for (const auto& each : *array) {
        const auto* object = each.if_object();
        if (!object) return wrong();
        auto token = text_of(*object, "token");
        auto type = text_of(*object, "type");
        auto url = text_of(*object, "url");
        auto source = text_of(*object, "source");
        if (!token || token->empty() || !type || type->size() > longest_type || !url || !source)
            return wrong();
        out.push_back({.token = std::move(*token), .type = std::move(*type), .place = {}});
        places.emplace_back(std::move(*source), std::move(*url));
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i].place = clean_source(places[i].first, out);
        const std::string url = clean_url(places[i].second, out);
        if (!url.empty()) out[i].place.append(" ").append(url);
    }
    return out;
}

std::string feedback(const std::vector<FoundToken>& tokens) {
    json::array out;
    for (const FoundToken& each : tokens) {
        if (!each.ours) continue;
        out.push_back({{"token_hash", sha256_base64(each.token)},
                       {"token_type", each.type},
                       {"label", *each.ours ? "true_positive" : "false_positive"}});
    }
    return json::serialize(out);
}

void wipe(std::vector<FoundToken>& tokens) noexcept {
    for (FoundToken& each : tokens) base::wipe(each.token);
}

std::string leak_case(std::vector<std::string> keys, std::vector<std::string> places) {
    base::LengthPrefixed message;
    for (auto* list : {&keys, &places}) {
        std::ranges::sort(*list);
        list->erase(std::ranges::unique(*list).begin(), list->end());
        message.add(static_cast<std::int64_t>(list->size()));
        for (const std::string& each : *list) message.add(each);
    }
    const base::Digest digest = base::sha256(message.text());
    return "leak:" + base::base32(std::span(digest).first(digest_bytes));
}

Question leak_question(std::string_view token, std::string case_ref, std::string asked_by,
                       base::EventTime newest) {
    Question out;
    out.case_ref = std::move(case_ref);
    out.asked_by = std::move(asked_by);
    // A key that is too long for a clue is asked for by its hash.
    auto clue = make_clue(Kind::key, token);
    if (!clue) clue = make_clue(Kind::key_sha256, base::hex(base::sha256(token)));
    out.clues.push_back(std::move(*clue));
    const auto whole = complete(out, false, false, newest);
    BASE_ASSERT(whole.has_value());
    return out;
}

}  // namespace presence
