#pragma once

#include "base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace api_test {

/// A code host with a key of its own, made anew, that signs as the real ones do.
class CodeHost {
public:
    explicit CodeHost(std::string name, const char* curve = "P-256")
        : identifier(std::move(name)), key_(EVP_EC_gen(curve), EVP_PKEY_free) {}

    /// base64 of DER.
    [[nodiscard]] std::string sign(std::string_view body) const {
        const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                         EVP_MD_CTX_free);
        std::string out(256, '\0');
        std::size_t size = out.size();
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                       reinterpret_cast<const unsigned char*>(body.data()), body.size());
        return base::base64({reinterpret_cast<const std::uint8_t*>(out.data()), size});
    }

    [[nodiscard]] std::string pem() const {
        const std::unique_ptr<BIO, void (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
        PEM_write_bio_PUBKEY(bio.get(), key_.get());
        char* first = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &first);
        return {first, static_cast<std::size_t>(size)};
    }

    std::string identifier;

private:
    std::shared_ptr<EVP_PKEY> key_;
};

/// The file that hosts publish.
inline std::string keys_file(std::span<const CodeHost> hosts) {
    boost::json::array list;
    for (const CodeHost& host : hosts) {
        list.push_back(
            {{"key_identifier", host.identifier}, {"key", host.pem()}, {"is_current", true}});
    }
    return boost::json::serialize(boost::json::object{{"public_keys", std::move(list)}});
}

}  // namespace api_test
