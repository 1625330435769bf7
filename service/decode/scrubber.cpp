#include "decode/scrubber.hpp"

#include "decode/anchors.hpp"
#include "decode/secrets.hpp"

#include <algorithm>

namespace decode {
namespace {

constexpr std::string_view mark = "scrubbed:";

}  // namespace

Scrubber::Scrubber(std::string_view key) : mac_(std::in_place, key) {}

std::string Scrubber::hash(std::string_view secret) {
    if (!mac_) return {};
    const auto digest = (*mac_)(secret);
    return base::base32(std::span(digest).first(16));
}

bool Scrubber::scrub(std::string_view text, const Names& names, std::string& out) {
    std::size_t copied = 0;
    bool changed = false;
    for (std::size_t at = next_anchor(text, 0); at < text.size();) {
        const auto secret = secret_at(text, at, names);
        if (!secret || secret->start < copied) {
            at = next_anchor(text, at + 1);
            continue;
        }
        out.append(text, copied, secret->start - copied);
        // A slash may be escaped in JSON: the same secret must give the same hash.
        std::string value(text.substr(secret->start, secret->end - secret->start));
        for (std::size_t i = value.find("\\/"); i != std::string::npos; i = value.find("\\/", i)) {
            value.erase(i, 1);
        }
        out += !mac_ ? "scrubbed" : secret->is_key ? "kh_" : mark;
        out += hash(value);
        copied = secret->end;
        changed = true;
        at = next_anchor(text, std::max(secret->end, at + 1));
    }
    out.append(text, copied, text.size() - copied);
    return changed;
}

bool has_scrubbed(std::string_view text) noexcept {
    for (std::size_t at = text.find("ed:"); at != std::string_view::npos;
         at = text.find("ed:", at + 1)) {
        if (at >= 6 && text.substr(at - 6).starts_with(mark)) return true;
    }
    return false;
}

}  // namespace decode
