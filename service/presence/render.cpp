#include "presence/record.hpp"

#include "base/ascii.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <map>
#include <vector>

namespace presence {
namespace {

namespace json = boost::json;

/// Members whose text identifies somebody, and what their tokens are called.
constexpr std::pair<std::string_view, std::string_view> identifiers[] = {
    {"tenant", "tenant"},   {"tenants", "tenant"},  {"key", "key"},       {"origin", "origin"},
    {"address", "address"}, {"as_name", "network"}, {"client", "client"}, {"value", "clue"},
    {"party", "party"},     {"licence", "licence"}, {"source", "source"}, {"by", "person"},
    {"reason", "case"},     {"note", "note"},
};

std::string_view token_of(std::string_view member) {
    const auto* found = std::ranges::find(identifiers, member,
                                          &std::pair<std::string_view, std::string_view>::first);
    return found == std::end(identifiers) ? std::string_view{} : found->second;
}

bool word_char(char c) {
    return base::ascii::is_alnum(c) || c == '_' || c == '-';
}

/// Names for identifiers, the same for the same one within a record.
class Tokens {
public:
    explicit Tokens(bool numbered) : numbered_(numbered) {}

    void collect(const json::value& value, std::string_view member = {}) {
        if (const auto* object = value.if_object()) {
            for (const auto& [name, each] : *object) collect(each, name);
        } else if (const auto* array = value.if_array()) {
            for (const auto& each : *array) collect(each, member);
        } else if (const auto* text = value.if_string(); text && !token_of(member).empty()) {
            add(std::string(*text), token_of(member));
        }
    }

    void replace(json::value& value) const {
        if (auto* object = value.if_object()) {
            for (auto& member : *object) replace(member.value());
        } else if (auto* array = value.if_array()) {
            for (auto& each : *array) replace(each);
        } else if (auto* text = value.if_string()) {
            *text = replaced(std::string(*text));
        }
    }

private:
    void add(std::string text, std::string_view kind) {
        if (text.empty() || token_by_text_.contains(text)) return;
        const std::string token = numbered_
                                      ? std::string(kind) + "-" + std::to_string(++count_[kind])
                                      : "(" + std::string(kind) + ")";
        token_by_text_.emplace(text, token);
        // Longer ones first: a tenant's id may be the beginning of its key's.
        const auto at = std::ranges::find_if(
            order_, [&](const std::string& other) { return other.size() < text.size(); });
        order_.insert(at, std::move(text));
    }

    std::string replaced(std::string in) const {
        for (const std::string& text : order_) {
            const std::string& token = token_by_text_.at(text);
            for (auto at = in.find(text); at != std::string::npos; at = in.find(text, at)) {
                const bool whole =
                    (at == 0 || !word_char(in[at - 1])) &&
                    (at + text.size() == in.size() || !word_char(in[at + text.size()]));
                if (whole) in.replace(at, text.size(), token);
                at += whole ? token.size() : 1;
            }
        }
        return in;
    }

    bool numbered_;
    std::map<std::string, std::string> token_by_text_;
    std::vector<std::string> order_;
    std::map<std::string_view, unsigned> count_;
};

/// What may be said outside: the verdict, its certainty, what could have been seen.
json::object for_press(const json::object& record) {
    json::object out;
    for (const std::string_view name :
         {"window", "use", "confidence", "subject", "statement", "power", "limits"}) {
        if (const auto* value = record.if_contains(name)) out[name] = *value;
    }
    if (const auto* licence = record.if_contains("licence")) {
        out["licence"] = {{"known_then", licence->at("known_then")},
                          {"known_now", licence->at("known_now")}};
    }
    if (const auto* coverage = record.if_contains("coverage")) {
        out["coverage"] = {{"logged_share", coverage->at("logged_share")},
                           {"lower95", coverage->at("lower95")}};
    }
    return out;
}

}  // namespace

std::string_view name(View view) noexcept {
    return view == View::full ? "full" : view == View::pseudonymous ? "pseudonymous" : "press";
}

json::object render(const json::object& record, View view) {
    if (view == View::full) return record;
    Tokens tokens(view == View::pseudonymous);
    tokens.collect(record);
    json::value out = view == View::press ? for_press(record) : record;
    tokens.replace(out);
    return std::move(out.as_object());
}

}  // namespace presence
