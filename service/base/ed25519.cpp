#include "base/ed25519.hpp"

#include "base/assert.hpp"

#include <openssl/evp.h>

#include <memory>

namespace base {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t signature_bytes = 64;

struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Key private_key(std::string_view seed) {
    Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(seed), seed.size()));
    BASE_ASSERT(key != nullptr);
    return key;
}

}  // namespace

SigningKey::SigningKey(std::string_view seed) : seed_(seed), public_key_(key_bytes, '\0') {
    BASE_ASSERT(seed.size() == key_bytes);
    std::size_t size = public_key_.size();
    const int made = EVP_PKEY_get_raw_public_key(
        private_key(seed_).get(), reinterpret_cast<unsigned char*>(public_key_.data()), &size);
    BASE_ASSERT(made == 1 && size == key_bytes);
}

std::string SigningKey::sign(std::string_view message) const {
    const Key key = private_key(seed_);
    const Context context(EVP_MD_CTX_new());
    std::string out(signature_bytes, '\0');
    std::size_t size = out.size();
    const bool done =
        context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                       bytes(message), message.size()) == 1;
    BASE_ASSERT(done && size == signature_bytes);
    return out;
}

bool verify_ed25519(std::string_view public_key, std::string_view message,
                    std::string_view signature) {
    if (public_key.size() != key_bytes || signature.size() != signature_bytes) return false;
    const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(public_key),
                                              public_key.size()));
    const Context context(EVP_MD_CTX_new());
    if (!key || !context) return false;
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                            message.size()) == 1;
}

}  // namespace base
