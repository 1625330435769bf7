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
#if defined(__SSE2__)
    // The last two characters of the mark are rare side by side, and every record is looked
    // through: only what holds them is searched.
    constexpr std::size_t step = 64;
    if (text.size() > step) {
        const __m128i first = _mm_set1_epi8('d');
        const __m128i second = _mm_set1_epi8(':');
        const auto pairs = [&](std::size_t from) {
            const void* start = text.data() + from;
            const void* shifted = text.data() + from + 1;
            return _mm_and_si128(
                _mm_cmpeq_epi8(_mm_loadu_si128(static_cast<const __m128i*>(start)), first),
                _mm_cmpeq_epi8(_mm_loadu_si128(static_cast<const __m128i*>(shifted)), second));
        };
        const std::size_t last = text.size() - step - 1;
        for (std::size_t at = 0;; at = std::min(at + step, last)) {
            const __m128i some = _mm_or_si128(_mm_or_si128(pairs(at), pairs(at + 16)),
                                              _mm_or_si128(pairs(at + 32), pairs(at + 48)));
            if (_mm_movemask_epi8(some) != 0) break;
            if (at == last) return false;
        }
    }
#endif
    return text.find(mark) != std::string_view::npos;
}

}  // namespace decode
