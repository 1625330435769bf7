#include "alert/memory.hpp"

#include "base/time.hpp"

#include <algorithm>
#include <iterator>

namespace alert {
namespace {

constexpr std::size_t time_bytes = 8;
constexpr std::size_t length_bytes = 8;

/// The next part of a base::LengthPrefixed, taken off it.
std::string_view next_part(std::string_view& text) {
    std::uint64_t size = 0;
    for (const char c : text.substr(0, length_bytes))
        size = size << 8 | static_cast<unsigned char>(c);
    text.remove_prefix(std::min(length_bytes, text.size()));
    const auto part = text.substr(0, size);
    text.remove_prefix(part.size());
    return part;
}

bool is_named(std::string_view whom, const std::function<bool(std::string_view)>& names) {
    while (!whom.empty()) {
        if (names(next_part(whom))) return true;
    }
    return false;
}

}  // namespace

/// The time behind the name, so that the alerts of one lie side by side in order of time.
std::string Memory::key_of(std::string_view whom, std::int64_t opened) {
    std::string key;
    key.reserve(whom.size() + time_bytes);  // no more: there may be many thousand
    key = whom;
    // Big-endian, with the sign turned: texts are then ordered as the times are.
    const std::uint64_t bits = static_cast<std::uint64_t>(opened) ^ (std::uint64_t{1} << 63);
    for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>((bits >> shift) & 0xff);
    return key;
}

bool Memory::is_of(std::string_view key, std::string_view whom) noexcept {
    return key.size() == whom.size() + time_bytes && key.starts_with(whom);
}

Open* Memory::find(std::string_view whom, const correlate::Firing& firing) {
    const std::int64_t at = base::micros(firing.at);
    const auto after = open_.upper_bound(key_of(whom, at));
    for (auto next = after; next != open_.begin();) {
        --next;
        if (!is_of(next->first, whom)) break;
        Open& open = next->second;
        if (at < open.quiet_until || (firing.repeat && !open.by_late)) return &open;
        if (!firing.repeat) break;
    }
    if (!firing.behind || after == open_.end() || !is_of(after->first, whom)) return nullptr;
    Open& open = after->second;
    const std::int64_t quiet = open.quiet_until - open.opened;
    return open.opened - at < quiet ? &open : nullptr;
}

void Memory::add(std::string_view whom, const Open& open) {
    const auto [place, fresh] = open_.emplace(key_of(whom, open.opened), open);
    if (fresh) due_.emplace(open.forget_at, place->first);
}

void Memory::forget_before(std::int64_t now) {
    while (!due_.empty() && due_.begin()->first <= now) forget_first();
}

void Memory::forget_first() {
    const std::string_view key = due_.begin()->second;
    due_.erase(due_.begin());
    open_.erase(open_.find(key));
}

void Memory::forget(const std::function<bool(std::string_view)>& names) {
    std::erase_if(due_, [&](const auto& due) {
        const std::string_view key = due.second;
        if (!is_named(key.substr(0, key.size() - time_bytes), names)) return false;
        open_.erase(open_.find(key));
        return true;
    });
}

void Memory::save(correlate::Writer& out) const {
    out.number(open_.size());
    for (const auto& [key, open] : open_) {
        out.bytes(std::string_view(key).substr(0, key.size() - time_bytes));
        out.signed_number(open.opened);
        out.signed_number(open.last_seen);
        out.signed_number(open.quiet_until);
        out.number(open.count);
        out.signed_number(open.forget_at);
        out.number(open.late);
        out.flag(open.by_late);
    }
}

void Memory::load(correlate::Reader& in) {
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        const std::string whom(in.bytes());
        Open open;
        open.opened = in.signed_number();
        open.last_seen = in.signed_number();
        open.quiet_until = in.signed_number();
        open.count = in.number();
        open.forget_at = in.signed_number();
        open.late = in.number();
        open.by_late = in.flag();
        if (in.good()) add(whom, open);
    }
}

}  // namespace alert
