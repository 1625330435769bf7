#pragma once

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace certificate {

template <class T, void (*free)(T*)>
using Owned = std::unique_ptr<T, decltype([](T* one) { free(one); })>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;

inline Key make_key() {
    return Key(EVP_EC_gen("P-256"));
}

/// Signed with its own key, for a day.
inline Certificate make(EVP_PKEY* key, const std::string& name) {
    Certificate made(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 86'400);
    X509_set_pubkey(made.get(), key);
    X509_NAME* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    EXPECT_GT(X509_sign(made.get(), key, EVP_sha256()), 0);
    return made;
}

template <class Write>
void to_file(const std::filesystem::path& path, Write write) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(write(file), 1);
    std::fclose(file);
}

inline void write_key(const std::filesystem::path& path, EVP_PKEY* key, const char* password) {
    to_file(path, [&](std::FILE* file) {
        return PEM_write_PrivateKey(file, key, password != nullptr ? EVP_aes_128_cbc() : nullptr,
                                    nullptr, 0, nullptr, const_cast<char*>(password));
    });
}

inline void write(const std::filesystem::path& path, X509* certificate) {
    to_file(path, [&](std::FILE* file) { return PEM_write_X509(file, certificate); });
}

}  // namespace certificate
