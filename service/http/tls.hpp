#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "http/options.hpp"

#include <memory>
#include <mutex>

namespace boost::asio::ssl {
class context;
}

namespace http {

/// Reads both files and checks that they belong together. Fails with Fault::invalid, naming the
/// file.
base::Result<void> check_tls(const TlsFiles& files);

/// The certificate that a listener shows: TLS 1.2 and 1.3, forward secrecy, no renegotiation, no
/// compression, no client certificates. Thread-safe.
class TlsIdentity {
public:
    /// Reads the files again; on a problem, Fault::invalid as from check_tls, the old one stays.
    base::Result<void> load(const TlsFiles& files);

    /// What new connections are served under; null before the first load. Connections hold it for
    /// as long as they live, so that a change breaks none.
    [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> current() const;
    /// When it ends.
    [[nodiscard]] base::WallTime expires() const;

private:
    mutable std::mutex mutex_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    base::WallTime expires_{};
};

}  // namespace http
