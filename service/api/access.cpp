#include "api/access.hpp"

#include "http/response.hpp"

namespace api {

base::Result<ingest::Client> authorise(const http::Request& request, const TokenSource& tokens,
                                       ingest::Scope scope) {
    const auto given = request.header("Authorization");
    if (!given)
        return base::fail(base::Fault::unauthorised, "send Authorization: Bearer and a token");
    auto client = tokens()->verify(*given);
    if (!client) return client;
    if (!client->may(scope)) {
        return base::fail(base::Fault::unauthorised,
                          "this token lacks the scope " + ingest::to_text(scope));
    }
    return client;
}

http::Response refuse(const http::Request& request, const base::Error& error) {
    if (!request.header("Authorization")) {
        return http::Response::problem(401, "no_token", "No token", error.reason)
            .with("WWW-Authenticate", "Bearer");
    }
    return http::Response::problem(403, "forbidden", "Not allowed", error.reason);
}

}  // namespace api
