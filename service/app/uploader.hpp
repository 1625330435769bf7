#pragma once

#include "base/result.hpp"
#include "http/client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace app {

/// Sends batches to a server's POST /v1/ingest, one after another, until each is acknowledged.
class Uploader {
public:
    struct Options {
        std::string url;  ///< "http://127.0.0.1:8080"
        std::string token;
        std::string source;
        std::chrono::seconds patience{
            60};  ///< How long one batch is tried again while the server is away.
    };
    struct Answer {
        std::uint64_t accepted = 0;
        std::uint64_t rejected = 0;
        std::uint64_t duplicates = 0;
        std::string first_error;  ///< "line 3: bad_timestamp"; empty when none was rejected.
    };

    static base::Result<Uploader> make(Options options);

    /// The body goes out compressed. `key` makes a repeat harmless: the same bytes under the same
    /// key count once. Fails with Fault::unauthorised, Fault::invalid (the server will never take
    /// it) or Fault::unavailable (patience is over).
    base::Result<Answer> send(std::string_view body, std::string_view content_type,
                              const std::string& key);

private:
    Uploader(Options options, std::unique_ptr<http::Client> client);
    base::Result<http::ClientResponse> post(const std::string& body, std::string_view content_type,
                                            const std::string& key);

    Options options_;
    std::unique_ptr<http::Client> client_;
};

}  // namespace app
