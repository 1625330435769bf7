#include "app/stored_outbox.hpp"

#include "base/log.hpp"
#include "deliver/payload.hpp"
#include "store/endpoints.hpp"

namespace app {
namespace {

deliver::Delivery delivery_of(const store::Delivery& row) {
    return {.id = row.id,
            .endpoint = row.endpoint_id,
            .url = row.url,
            .content_type = row.content_type,
            .secrets = row.secrets,
            .body = row.body,
            .attempt = row.attempt,
            .insecure = row.allow_insecure};
}

}  // namespace

StoredOutbox::StoredOutbox(store::Session::Options session, const store::Sealer& sealer)
    : options_(std::move(session)), sealer_(sealer) {}

base::Result<void> StoredOutbox::connect() {
    if (session_) return {};
    auto session = store::Session::open(options_);
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
    return {};
}

base::Result<std::vector<deliver::Delivery>> StoredOutbox::claim(const Wish& wish) {
    if (auto connected = connect(); !connected) return std::unexpected(connected.error());
    store::Outbox outbox(*session_, sealer_);
    auto rows = outbox.claim({.worker = options_.application_name,
                              .now = wish.now,
                              .limit = wish.limit,
                              .per_endpoint = wish.per_endpoint});
    if (!rows) {
        session_.reset();
        return std::unexpected(rows.error());
    }
    std::vector<deliver::Delivery> out;
    for (auto& row : *rows) {
        out.push_back(delivery_of(row));
        claimed_.insert_or_assign(row.id, std::move(row));
    }
    return out;
}

base::Result<void> StoredOutbox::clock_set_back(base::WallTime now) {
    if (auto connected = connect(); !connected) return connected;
    const auto freed = store::Outbox(*session_, sealer_).clock_set_back(now);
    if (!freed) {
        session_.reset();
        return std::unexpected(freed.error());
    }
    if (*freed > 0) base::log::warn("deliver.clock_set_back", {{"deliveries", *freed}});
    return {};
}

base::Result<void> StoredOutbox::mark(const deliver::Delivery& delivery,
                                      const deliver::Outcome& outcome) {
    if (auto connected = connect(); !connected) return connected;
    const auto found = claimed_.find(delivery.id);
    if (found == claimed_.end()) return {};
    store::Outbox outbox(*session_, sealer_);
    auto done = finish(outbox, found->second, outcome);
    if (!done) {
        session_.reset();
        return done;
    }
    claimed_.erase(found);
    return {};
}

base::Result<void> StoredOutbox::finish(store::Outbox& outbox, const store::Delivery& row,
                                        const deliver::Outcome& outcome) {
    store::Attempt attempt;
    if (outcome.http_status) attempt.http_status = static_cast<int>(*outcome.http_status);
    attempt.error = outcome.error;
    attempt.answer = outcome.answer;
    attempt.took = outcome.took;
    using Kind = deliver::Outcome::Kind;
    base::Result<bool> done = true;
    switch (outcome.kind) {
        case Kind::delivered:
            done = outbox.delivered(row, attempt, outcome.at);
            break;
        case Kind::retry:
            done = outbox.retry(row, attempt, outcome.at, outcome.next);
            break;
        case Kind::released:
            done = outbox.release(row);
            break;
        case Kind::dead:
        case Kind::disabled:
            done = outbox.dead(row, attempt, outcome.at);
            break;
    }
    if (done && outcome.kind == Kind::disabled) {
        return store::Endpoints(*session_, sealer_).disable(row.endpoint_id, "410 Gone", "deliver");
    }
    if (!done) return std::unexpected(done.error());
    return {};
}

store::Renderer webhook_renderer(std::string base_url) {
    return [base_url = std::move(base_url)](const store::Endpoint& endpoint,
                                            const store::Transition& transition, std::string_view) {
        const deliver::Event event{.type = std::string(transition.event),
                                   .at = transition.at,
                                   .state = std::string(transition.state),
                                   .disposition = std::string(transition.disposition),
                                   .sub_reason = std::string(transition.sub_reason)};
        return store::Body{
            deliver::standard_payload(event, transition.alert, base_url, endpoint.full_payload)};
    };
}

}  // namespace app
