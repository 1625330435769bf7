#include "origin/fingerprint.hpp"

#include "base/assert.hpp"
#include "origin/ja4.hpp"

#include <charconv>
#include <cstring>
#include <span>
#include <string>

namespace origin {
namespace {

constexpr std::size_t usual_bytes = 512;  // nearly every message fits

/// No more than these stand in a message besides the texts of the parts: lengths, numbers, marks.
constexpr std::size_t other_bytes = 256;

std::size_t most_bytes(const Parts& parts) noexcept {
    std::size_t out = other_bytes + parts.place.size() + parts.ja4.size() +
                      parts.tls_version.size() + parts.tls_cipher.size();
    if (const Client* client = parts.client)
        out += client->family.size() + client->skeleton.size() + client->version.size() +
               client->platform.size() + client->app.size();
    return out;
}

/// What is hashed for one level: its fields in their fixed order, behind a mask of which of them
/// were there. A source that logs no TLS never looks like the same origin seen by one that does.
class Message {
public:
    explicit Message(const Parts& parts) {
        const std::size_t most = most_bytes(parts);
        if (most > usual_.size()) long_.resize(most);
        start_ = end_ = (long_.empty() ? usual_.data() : long_.data()) + front_bytes;
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

    void write(std::string_view text) noexcept {
        if (!text.empty()) std::memcpy(end_, text.data(), text.size());
        end_ += text.size();
    }
    void write(char c) noexcept { *end_++ = c; }
    void write_number(std::uint64_t number) noexcept { end_ = digits(end_, number); }

    /// Between these two a field is written; nothing between them is a field that is missing.
    void open() noexcept { field_ = end_ += 8; }
    void close() noexcept {
        const auto size = static_cast<std::uint64_t>(end_ - field_);
        write_length(field_ - 8, size);
        if (size > 0) mask_ |= 1u << count_;
        ++count_;
    }
    void field(std::string_view text) noexcept {
        open();
        write(text);
        close();
    }

    /// The whole, once all fields are written.
    [[nodiscard]] std::string_view text(Level level) noexcept {
        char number[3];
        const auto size = static_cast<std::size_t>(digits(number, mask_) - number);
        char* front = start_ - size;
        std::memcpy(front, number, size);
        write_length(front -= 8, size);
        front -= 4;
        std::memcpy(front, "of1", 3);
        front[3] = static_cast<char>('0' + static_cast<int>(level));
        return {front, static_cast<std::size_t>(end_ - front)};
    }

private:
    static constexpr std::size_t front_bytes = 4 + 8 + 3;  // at most 7 fields: a mask up to 127

    static char* digits(char* out, std::uint64_t number) noexcept {
        return std::to_chars(out, out + 20, number).ptr;
    }
    static void write_length(char* out, std::uint64_t size) noexcept {
        const std::uint64_t big_endian = __builtin_bswap64(size);
        std::memcpy(out, &big_endian, sizeof big_endian);
    }

    std::array<char, usual_bytes> usual_;  // not cleared: only what is written is read
    std::string long_;
    char* start_;
    char* end_;
    char* field_ = nullptr;
    unsigned mask_ = 0;
    unsigned count_ = 0;
};

/// `other` agents differ by the shape of their text.
void add_family(Message& out, const Parts& parts) {
    out.open();
    if (parts.client != nullptr) {
        out.write(parts.client->family);
        if (!parts.client->skeleton.empty()) {
            out.write(':');
            out.write(parts.client->skeleton);
        }
    }
    out.close();
}

/// As call::to_text writes the network, without its strings where it is IPv4.
void write_network(Message& out, Level level, const call::Address& address) {
    const unsigned prefix = prefix_of(level, address.v6);
    const call::Network network = call::network_of(address, prefix);
    if (address.v6) return out.write(call::to_text(network));
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) out.write('.');
        out.write_number(network.start.bytes[i]);
    }
    out.write('/');
    out.write_number(prefix);
}

void add_network(Message& out, Level level, const Parts& parts) {
    out.open();
    if (parts.address)
        write_network(out, level, *parts.address);
    else
        out.write(parts.place);
    out.close();
}

void add_asn(Message& out, const Parts& parts) {
    out.field(parts.asn ? std::string_view(std::to_string(*parts.asn)) : std::string_view{});
}

void add_exact(Message& out, const Parts& parts) {
    add_network(out, Level::exact, parts);
    // A print of another shape is still the edge's word for this client.
    out.field(parts.ja4);
    out.field(parts.ja4.empty() ? parts.tls_version : std::string_view{});
    out.field(parts.ja4.empty() ? parts.tls_cipher : std::string_view{});
    add_family(out, parts);
    out.field(parts.client != nullptr ? parts.client->version : std::string_view{});
    out.field(parts.client != nullptr ? parts.client->app : std::string_view{});
}

void add_place(Message& out, const Parts& parts) {
    const auto ja4 = parse_ja4(parts.ja4);
    add_network(out, Level::place, parts);
    add_asn(out, parts);
    add_family(out, parts);
    out.field(ja4 ? ja4->c : parts.ja4);
}

void add_kind(Message& out, const Parts& parts) {
    add_asn(out, parts);
    add_family(out, parts);
    out.field(parts.client != nullptr ? parts.client->platform : std::string_view{});
}

void add_software(Message& out, const Parts& parts) {
    const auto ja4 = parse_ja4(parts.ja4);
    add_family(out, parts);
    out.field(ja4 ? stable_part(*ja4) : std::string());
    out.field(ja4 ? ja4->c : parts.ja4);
    out.field(parts.client != nullptr ? parts.client->app : std::string_view{});
}

/// base::base32 of the first 16 bytes: 26 characters, five bits each, two bits of zeros behind.
void write_base32(const base::Digest& digest, std::span<char, 26> out) noexcept {
    static constexpr char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 8; ++i) high = high << 8 | digest[i];
    for (std::size_t i = 8; i < 16; ++i) low = low << 8 | digest[i];
    for (std::size_t i = 0; i < 12; ++i) out[i] = digits[high >> (59 - 5 * i) & 31];
    out[12] = digits[(high << 1 | low >> 63) & 31];  // four bits of one and one of the other
    for (std::size_t i = 0; i < 12; ++i) out[13 + i] = digits[low >> (58 - 5 * i) & 31];
    out[25] = digits[low << 2 & 31];
}

}  // namespace

bool has_token(Level level, const Parts& parts) noexcept {
    switch (level) {
        case Level::exact:
        case Level::place:
            return parts.address || !parts.place.empty();
        case Level::kind:
            return parts.asn.has_value();
        case Level::software:
            return (parts.client != nullptr && !parts.client->family.empty()) || !parts.ja4.empty();
    }
    return false;
}

Token token(const base::Mac& mac, Level level, const Parts& parts) {
    BASE_ASSERT(has_token(level, parts));
    Message message(parts);
    switch (level) {
        case Level::exact:
            add_exact(message, parts);
            break;
        case Level::place:
            add_place(message, parts);
            break;
        case Level::kind:
            add_kind(message, parts);
            break;
        case Level::software:
            add_software(message, parts);
            break;
    }
    Token out{'o', 'f', '1', ':', static_cast<char>('0' + static_cast<int>(level)), ':'};
    write_base32(mac(message.text(level)), std::span(out).last<26>());
    return out;
}

}  // namespace origin
