#include "base/digest.hpp"

#include "base/assert.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

namespace base {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Digest sha256(std::string_view bytes) {
    Digest out{};
    SHA256(bytes_of(bytes), bytes.size(), out.data());
    return out;
}

Digest hmac_sha256(std::string_view key, std::string_view message) {
    return Mac(key)(message);
}

// OpenSSL calls its one-algorithm functions old. What replaces them costs a quarter of a
// microsecond a message for contexts fetched and copied; the two states that a key leaves behind
// are all HMAC needs.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

struct Mac::States {
    SHA256_CTX inner;
    SHA256_CTX outer;
};

namespace {

/// The last bytes of a message, fewer than a block, and the padding of FIPS 180-4 section 5.1.1
/// behind them. The key's block counts in the length.
void finish(SHA256_CTX& context, std::string_view rest, std::size_t message_bytes) {
    std::array<unsigned char, std::size_t{2} * SHA256_CBLOCK> tail{};
    std::ranges::copy(rest, tail.begin());
    tail[rest.size()] = 0x80;
    const std::size_t size = rest.size() + 9 <= SHA256_CBLOCK ? SHA256_CBLOCK : tail.size();
    const std::uint64_t bits = (SHA256_CBLOCK + std::uint64_t{message_bytes}) * 8;
    for (std::size_t i = 0; i < 8; ++i)
        tail[size - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
    for (std::size_t at = 0; at < size; at += SHA256_CBLOCK)
        SHA256_Transform(&context, tail.data() + at);
}

Digest digest_of(const SHA256_CTX& context) noexcept {
    Digest out;
    for (std::size_t i = 0; i < 8; ++i)
        for (std::size_t byte = 0; byte < 4; ++byte)
            out[i * 4 + byte] = static_cast<std::uint8_t>(context.h[i] >> (24 - 8 * byte));
    return out;
}

}  // namespace

Mac::Mac(std::string_view key) : states_(std::make_unique<States>()) {
    std::array<unsigned char, SHA256_CBLOCK> pad{};
    if (key.size() > pad.size()) {
        const Digest digest = sha256(key);
        std::ranges::copy(digest, pad.begin());
    } else {
        std::ranges::copy(key, pad.begin());
    }
    for (auto& byte : pad) byte ^= 0x36;
    SHA256_Init(&states_->inner);
    SHA256_Update(&states_->inner, pad.data(), pad.size());
    for (auto& byte : pad) byte ^= 0x36 ^ 0x5c;
    SHA256_Init(&states_->outer);
    SHA256_Update(&states_->outer, pad.data(), pad.size());
    OPENSSL_cleanse(pad.data(), pad.size());
}

Mac::~Mac() {
    if (states_) OPENSSL_cleanse(states_.get(), sizeof *states_);
}
Mac::Mac(Mac&& other) noexcept = default;
Mac& Mac::operator=(Mac&& other) noexcept {
    std::swap(states_, other.states_);
    return *this;
}

// A message and its padding go to the block function as they are: the buffers that SHA256_Update
// and SHA256_Final keep and clear are a fifth of hashing a short one.
Digest Mac::operator()(std::string_view message) const {
    SHA256_CTX context = states_->inner;
    const std::size_t whole = message.size() / SHA256_CBLOCK * SHA256_CBLOCK;
    for (std::size_t at = 0; at < whole; at += SHA256_CBLOCK)
        SHA256_Transform(&context, bytes_of(message) + at);
    finish(context, message.substr(whole), message.size());
    const Digest inner = digest_of(context);
    context = states_->outer;
    finish(context, {reinterpret_cast<const char*>(inner.data()), inner.size()}, inner.size());
    return digest_of(context);
}

#pragma clang diagnostic pop

LengthPrefixed& LengthPrefixed::add(std::string_view part) {
    for (std::uint64_t size = part.size(), i = 0; i < 8; ++i) {
        text_ += static_cast<char>((size >> (56 - 8 * i)) & 0xff);
    }
    text_ += part;
    return *this;
}

LengthPrefixed& LengthPrefixed::add(std::int64_t number) {
    return add(std::to_string(number));
}

std::string hex(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string base32(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    std::string out;
    out.reserve((bytes.size() * 8 + 4) / 5);
    std::uint32_t buffer = 0;
    unsigned held = 0;
    for (const auto byte : bytes) {
        buffer = (buffer << 8) | byte;
        held += 8;
        for (; held >= 5; held -= 5) out += digits[(buffer >> (held - 5)) & 31];
    }
    if (held > 0) out += digits[(buffer << (5 - held)) & 31];
    return out;
}

std::string base64(std::span<const std::uint8_t> bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

bool from_base64(std::string_view text, std::string& bytes) {
    if (text.size() % 4 != 0) return false;
    bytes.assign(text.size() / 4 * 3, '\0');
    if (text.empty()) return true;
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), bytes_of(text),
                                     static_cast<int>(text.size()));
    if (size < 0) return false;
    // EVP_DecodeBlock counts the padding as zero bytes.
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    bytes.resize(static_cast<std::size_t>(size) - padding);
    return true;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void random_bytes(std::span<std::uint8_t> out) {
    BASE_ASSERT(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

}  // namespace base
