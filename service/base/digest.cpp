#include "base/digest.hpp"

#include "base/assert.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <utility>

namespace base {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

EVP_MAC* hmac() {
    static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);  // fetching is slow: once
    return mac;
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

Mac::Mac(std::string_view key) : context_(EVP_MAC_CTX_new(hmac())) {
    char digest_name[] = "SHA256";
    const OSSL_PARAM options[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
        OSSL_PARAM_construct_end()};
    // A null key means "keep the one set": an empty key needs a pointer.
    static constexpr unsigned char nothing = 0;
    const unsigned char* start = key.empty() ? &nothing : bytes_of(key);
    BASE_ASSERT(EVP_MAC_init(static_cast<EVP_MAC_CTX*>(context_), start, key.size(), options) == 1);
}

Mac::~Mac() {
    EVP_MAC_CTX_free(static_cast<EVP_MAC_CTX*>(context_));
}
Mac::Mac(Mac&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
Mac& Mac::operator=(Mac&& other) noexcept {
    std::swap(context_, other.context_);
    return *this;
}

Digest Mac::operator()(std::string_view message) {
    auto* context = static_cast<EVP_MAC_CTX*>(context_);
    Digest out{};
    std::size_t size = 0;
    BASE_ASSERT(EVP_MAC_init(context, nullptr, 0, nullptr) == 1);
    BASE_ASSERT(EVP_MAC_update(context, bytes_of(message), message.size()) == 1);
    BASE_ASSERT(EVP_MAC_final(context, out.data(), &size, out.size()) == 1 && size == out.size());
    return out;
}

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
