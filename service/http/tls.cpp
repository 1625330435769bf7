#include "http/tls.hpp"

#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>
#include <boost/asio/ssl/context.hpp>

#include <ctime>
#include <string>
#include <utility>

namespace http {
namespace {

using Context = boost::asio::ssl::context;

base::Result<std::shared_ptr<Context>> wrong(const std::string& file, std::string_view what) {
    return base::fail(base::Fault::invalid, file + ": " + std::string(what));
}

base::Result<std::shared_ptr<Context>> make_context(const TlsFiles& files) {
    for (const auto& file : {files.certificate, files.key}) {
        if (::access(file.c_str(), R_OK) != 0) return wrong(file, "cannot be read");
    }
    auto context = std::make_shared<Context>(Context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(
        native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // Of TLS 1.2; all of 1.3 are like these: ephemeral keys and authenticated encryption.
    if (SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        return wrong(files.certificate, "this OpenSSL has none of our ciphers");
    // Sessions are resumed by tickets; a cache of ours would be memory that clients fill.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // idle connections are small
    boost::system::error_code error;
    // An encrypted key must fail here, not ask whoever sits at the terminal.
    context->set_password_callback([](std::size_t, Context::password_purpose) { return ""; },
                                   error);
    context->use_certificate_chain_file(files.certificate, error);
    if (error) return wrong(files.certificate, "holds no PEM certificate");
    context->use_private_key_file(files.key, Context::pem, error);
    if (error &&
        ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH)
        return wrong(files.key, "does not belong to " + files.certificate);
    if (error) return wrong(files.key, "holds no PEM private key without a password");
    if (SSL_CTX_check_private_key(native) != 1)
        return wrong(files.key, "does not belong to " + files.certificate);
    return context;
}

base::WallTime expiry_of(Context& context) {
    std::tm parts{};
    const X509* certificate = SSL_CTX_get0_certificate(context.native_handle());
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
    return base::wall_time(static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000);
}

}  // namespace

base::Result<void> check_tls(const TlsFiles& files) {
    auto made = make_context(files);
    if (!made) return std::unexpected(made.error());
    return {};
}

base::Result<void> TlsIdentity::load(const TlsFiles& files) {
    auto made = make_context(files);
    if (!made) return std::unexpected(made.error());
    const auto expires = expiry_of(**made);
    const std::lock_guard lock(mutex_);
    context_ = std::move(*made);
    expires_ = expires;
    return {};
}

std::shared_ptr<Context> TlsIdentity::current() const {
    const std::lock_guard lock(mutex_);
    return context_;
}

base::WallTime TlsIdentity::expires() const {
    const std::lock_guard lock(mutex_);
    return expires_;
}

}  // namespace http
