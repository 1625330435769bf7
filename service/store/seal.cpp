#include "store/seal.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"

#include <openssl/evp.h>
#include <memory>
#include <span>

namespace store {
namespace {

constexpr char format_1 = 1;
constexpr std::size_t key_size = 32;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text, std::size_t from) {
    return reinterpret_cast<unsigned char*>(text.data() + from);
}

base::Error damaged() {
    return {base::Fault::invalid,
            "a sealed secret does not open: another key file, or it was changed"};
}

}  // namespace

base::Result<Sealer> Sealer::make(std::string_view key) {
    if (key.size() != key_size) {
        return base::fail(
            base::Fault::invalid,
            "the key that seals secrets must have 32 bytes, not " + std::to_string(key.size()));
    }
    return Sealer(std::string(key));
}

std::string Sealer::seal(std::string_view secret, std::string_view context) const {
    std::string out(1 + nonce_size + secret.size() + tag_size, '\0');
    out[0] = format_1;
    base::random_bytes(std::span(bytes(out, 1), nonce_size));
    const Context cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int size = 0;
    const bool sealed =
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(out, 1)) ==
            1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes(context),
                          static_cast<int>(context.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), bytes(out, 1 + nonce_size), &size, bytes(secret),
                          static_cast<int>(secret.size())) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), bytes(out, out.size() - tag_size), &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size),
                            bytes(out, out.size() - tag_size)) == 1;
    BASE_ASSERT(sealed);
    return out;
}

base::Result<std::string> Sealer::open(std::string_view sealed, std::string_view context) const {
    if (sealed.size() < 1 + nonce_size + tag_size || sealed[0] != format_1) {
        return std::unexpected(damaged());
    }
    std::string tag(sealed.substr(sealed.size() - tag_size));
    const auto nonce = sealed.substr(1, nonce_size);
    const auto body = sealed.substr(1 + nonce_size, sealed.size() - 1 - nonce_size - tag_size);
    std::string out(body.size() + 1, '\0');
    const Context cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int size = 0;
    const bool fine = EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key_),
                                         bytes(nonce)) == 1 &&
                      EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes(context),
                                        static_cast<int>(context.size())) == 1 &&
                      EVP_DecryptUpdate(cipher.get(), bytes(out, 0), &size, bytes(body),
                                        static_cast<int>(body.size())) == 1 &&
                      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG,
                                          static_cast<int>(tag_size), tag.data()) == 1 &&
                      EVP_DecryptFinal_ex(cipher.get(), bytes(out, body.size()), &size) == 1;
    if (!fine) return std::unexpected(damaged());
    out.resize(body.size());
    return out;
}

}  // namespace store
