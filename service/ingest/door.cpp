#include "ingest/door.hpp"

#include "base/assert.hpp"
#include "ingest/answer.hpp"

namespace ingest {

using http::Response;

Door::Door(TokenSource tokens, std::size_t failures_per_second, metrics::Counter failures)
    : tokens_(std::move(tokens)), failures_(failures_per_second), count_(failures) {}

http::Access Door::needs(Scope scope, Dress dress) {
    return {to_text(scope), [this, scope, dress = std::move(dress)](http::Request& request) {
                auto refusal = admit(request, scope);
                if (refusal && dress) refusal = dress(request, *std::move(refusal));
                return refusal;
            }};
}

std::expected<Client, Response> Door::authenticate(const http::Request& request) {
    const auto now = std::chrono::steady_clock::now();
    if (!failures_.open(request.peer(), now))
        return std::unexpected(later(429, "too_many_failures",
                                     "Too many failed authentications from this address",
                                     jitter(1, 5)));
    auto client = tokens_()->verify(request.header("authorization").value_or(std::string_view()));
    if (client) return *std::move(client);
    failures_.fail(request.peer(), now);
    count_.add();
    return std::unexpected(
        Response::problem(401, "unauthenticated", "No valid token", client.error().reason)
            .with("WWW-Authenticate", "Bearer"));
}

std::optional<Response> Door::admit(http::Request& request, Scope scope) {
    auto client = authenticate(request);
    if (!client) return std::move(client.error());
    if (!client->may(scope))
        return Response::problem(403, "forbidden", "Not allowed",
                                 "this token lacks the scope " + to_text(scope));
    request.let_in(*std::move(client));
    return std::nullopt;
}

const Client& caller(const http::Request& request) {
    const auto* client = std::any_cast<Client>(&request.caller());
    BASE_ASSERT(client != nullptr);
    return *client;
}

}  // namespace ingest
