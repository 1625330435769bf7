#include "base/ecdsa.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <limits>

namespace base {
namespace {

struct Free {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// What a refusal leaves behind on the thread would be taken for a fault of its next TLS record.
struct LeaveNoErrors {
    ~LeaveNoErrors() { ERR_clear_error(); }
};

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool on_p256(const EVP_PKEY* key) {
    std::array<char, 32> curve{};
    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1 &&
           std::string_view(curve.data()) == "prime256v1";
}

}  // namespace

Result<P256Key> P256Key::from_pem(std::string_view pem) {
    const LeaveNoErrors leave_no_errors;
    if (pem.size() > std::numeric_limits<int>::max()) return fail(Fault::invalid, "is too long");
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    std::shared_ptr<EVP_PKEY> key(
        bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr, EVP_PKEY_free);
    if (!key) return fail(Fault::invalid, "is no public key in PEM");
    if (!on_p256(key.get())) return fail(Fault::invalid, "is no key on the curve P-256");
    return P256Key(std::move(key));
}

bool P256Key::verify(std::string_view message, std::string_view signature) const {
    const LeaveNoErrors leave_no_errors;
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                            message.size()) == 1;
}

}  // namespace base
