#pragma once

#include "http/router.hpp"
#include "ingest/quota.hpp"
#include "ingest/tokens.hpp"
#include "metrics/registry.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>

namespace ingest {

/// The tokens of this moment; called for each request, so it should only copy a pointer.
using TokenSource = std::function<std::shared_ptr<const Tokens>()>;

/// The one place where a request's token is looked at, for every route that is not open: no valid
/// token is 401, one without the scope 403, and an address that fails too often 429. Thread-safe;
/// must outlive the router.
class Door {
public:
    /// `failures_per_second` an address may have; `failures` counts them.
    Door(TokenSource tokens, std::size_t failures_per_second, metrics::Counter failures);

    /// For routes that need `scope`. `dress` gives refusals the form that the route's clients read.
    using Dress = std::function<http::Response(const http::Request&, http::Response)>;
    [[nodiscard]] http::Access needs(Scope scope, Dress dress = nullptr);

    /// Who holds the request's token; else the 401 or 429. For open routes that tell a caller with
    /// a token more.
    [[nodiscard]] std::expected<Client, http::Response> authenticate(const http::Request& request);

private:
    std::optional<http::Response> admit(http::Request& request, Scope scope);
    TokenSource tokens_;
    FailureGate failures_;
    metrics::Counter count_;
};

/// Whom the door let in. On an open route there is nobody: asking is a bug and aborts.
[[nodiscard]] const Client& caller(const http::Request& request);

}  // namespace ingest
