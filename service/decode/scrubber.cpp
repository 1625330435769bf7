#include "decode/scrubber.hpp"

#include "decode/anchors.hpp"
#include "decode/secrets.hpp"

#include <algorithm>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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
    // The last two characters of the mark are rare side by side, and every record is looked
    // through.
    const auto here = [&](std::size_t at) {
        return text[at] == 'd' && text[at + 1] == ':' && at + 2 >= mark.size() &&
               text.substr(at + 2 - mark.size(), mark.size()) == mark;
    };
    std::size_t at = 0;
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8('d');
    const __m128i second = _mm_set1_epi8(':');
    for (; at + 17 <= text.size(); at += 16) {
        const void* start = text.data() + at;
        const void* shifted = text.data() + at + 1;
        const __m128i both = _mm_and_si128(
            _mm_cmpeq_epi8(_mm_loadu_si128(static_cast<const __m128i*>(start)), first),
            _mm_cmpeq_epi8(_mm_loadu_si128(static_cast<const __m128i*>(shifted)), second));
        for (unsigned found = static_cast<unsigned>(_mm_movemask_epi8(both)); found != 0;
             found &= found - 1) {
            if (here(at + static_cast<std::size_t>(__builtin_ctz(found)))) return true;
        }
    }
#endif
    for (; at + 2 <= text.size(); ++at) {
        if (here(at)) return true;
    }
    return false;
}

}  // namespace decode
