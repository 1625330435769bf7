#include "coverage/audit_chain.hpp"

#include <algorithm>
#include <charconv>

namespace coverage {
namespace {

std::string_view view(const base::Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::optional<int> nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return std::nullopt;
}

std::optional<base::Digest> digest_of(std::string_view hex) {
    base::Digest out{};
    if (hex.size() != out.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto high = nibble(hex[2 * i]);
        const auto low = nibble(hex[2 * i + 1]);
        if (!high || !low) return std::nullopt;
        out[i] = static_cast<std::uint8_t>(*high << 4 | *low);
    }
    return out;
}

/// The seal is under a key of its own use, so that no entry's mac is ever one.
base::Digest seal_of(std::string_view text, std::string_view key) {
    return base::hmac_sha256(key,
                             base::LengthPrefixed().add("callerprint anchor 1").add(text).text());
}

}  // namespace

base::Digest mac_of(std::string_view key, const base::Digest& previous, const AuditEntry& entry) {
    const auto details = base::sha256(entry.details);
    const auto said = base::LengthPrefixed()
                          .add("callerprint audit 1")
                          .add(view(previous))
                          .add(static_cast<std::int64_t>(entry.n))
                          .add(base::micros(entry.at))
                          .add(entry.actor)
                          .add(entry.action)
                          .add(entry.object)
                          .add(view(details))
                          .text();
    return entry.keyed ? base::hmac_sha256(key, said) : base::sha256(said);
}

base::Digest erased_mac_of(std::string_view key, const base::Digest& previous,
                           const AuditEntry& entry) {
    return base::hmac_sha256(key, base::LengthPrefixed()
                                      .add("callerprint audit erased 1")
                                      .add(view(previous))
                                      .add(view(entry.mac))
                                      .add(static_cast<std::int64_t>(entry.n))
                                      .add(base::micros(entry.at))
                                      .add(entry.actor)
                                      .add(entry.action)
                                      .add(entry.object)
                                      .add(entry.details)
                                      .text());
}

bool is_genuine(std::string_view key, const base::Digest& previous, const AuditEntry& entry) {
    if (entry.erased) return erased_mac_of(key, previous, entry) == *entry.erased;
    return mac_of(key, previous, entry) == entry.mac;
}

std::string to_text(const AuditAnchor& anchor) {
    return std::to_string(anchor.n) + ":" + base::hex(anchor.mac);
}

base::Result<AuditAnchor> parse_anchor(std::string_view text) {
    const auto colon = text.find(':');
    AuditAnchor out;
    if (colon != std::string_view::npos) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + colon, out.n);
        const auto mac = digest_of(text.substr(colon + 1));
        if (error == std::errc() && end == text.data() + colon && mac) {
            out.mac = *mac;
            return out;
        }
    }
    return base::fail(base::Fault::invalid,
                      "an anchor is the number of an entry, a colon and the 64 digits of its mac");
}

std::string sealed(const AuditAnchor& anchor, std::string_view key) {
    const auto text = to_text(anchor);
    return text + " " + base::hex(seal_of(text, key)) + "\n";
}

base::Result<AuditAnchor> unsealed(std::string_view line, std::string_view key) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    const auto blank = std::min(line.find(' '), line.size());
    const auto text = line.substr(0, blank);
    const auto seal = blank < line.size() ? digest_of(line.substr(blank + 1)) : std::nullopt;
    if (!seal || !base::equal_in_constant_time(view(*seal), view(seal_of(text, key))))
        return base::fail(base::Fault::invalid, "was not written under this key");
    return parse_anchor(text);
}

AuditWalk::AuditWalk(std::string key, std::optional<AuditAnchor> since,
                     std::vector<AuditAnchor> anchors)
    : key_(std::move(key)), anchors_(std::move(anchors)), any_keyed_(since.has_value()) {
    if (since) last_ = *since;
}

bool AuditWalk::fail(std::uint64_t n, std::string what) {
    fault_ = {n, std::move(what)};
    return false;
}

bool AuditWalk::anchored_otherwise(const AuditEntry& entry) const {
    return std::ranges::any_of(anchors_, [&](const AuditAnchor& anchor) {
        return anchor.n == entry.n && anchor.mac != entry.mac;
    });
}

bool AuditWalk::take(const AuditEntry& entry) {
    if (fault_) return false;
    // Older numbers had holes where a transaction was rolled back; there only the macs tell.
    const bool next = entry.n == last_.n + 1;
    if (entry.n <= last_.n || (!next && (any_keyed_ || entry.keyed)))
        return fail(last_.n + 1, "is missing");
    if (any_keyed_ && !entry.keyed) return fail(entry.n, "is not keyed, and the one before it is");
    if (!is_genuine(key_, last_.mac, entry))
        return fail(entry.n, plain_ > 0 && !any_keyed_
                                 ? "was changed, or one of the entries before it was"
                                 : "was changed, or does not follow the one before it");
    if (anchored_otherwise(entry)) return fail(entry.n, "is not the one that was anchored");
    any_keyed_ = any_keyed_ || entry.keyed;
    ++entries_;
    plain_ += entry.keyed ? 0 : 1;
    erased_ += entry.erased ? 1 : 0;
    last_ = {entry.n, entry.mac};
    return true;
}

void AuditWalk::finish(const AuditAnchor& head) {
    if (fault_) return;
    const bool anchored = std::ranges::any_of(
        anchors_, [&](const AuditAnchor& anchor) { return anchor.n > last_.n; });
    if (anchored || head.n > last_.n) {
        fail(last_.n + 1, "is missing: the chain was longer");
    } else if (!any_keyed_) {
        fail(last_.n + 1, "is missing: no entry is keyed");
    } else if (head.n < last_.n && entries_ == 0) {  // it ends before the place we began behind
        fail(head.n + 1, "is missing: the chain was longer");
    } else if (head != last_) {
        fail(head.n + 1, "is not the head's: it was not written by the program");
    }
}

}  // namespace coverage
