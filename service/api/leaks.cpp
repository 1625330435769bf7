#include "api/leaks.hpp"

#include "api/json.hpp"
#include "api/leak_taker.hpp"
#include "base/log.hpp"
#include "base/wipe.hpp"
#include "ingest/quota.hpp"
#include "presence/leak_report.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace api {
namespace {

namespace asio = boost::asio;

constexpr std::string_view identifier_header = "Github-Public-Key-Identifier";
constexpr std::string_view signature_header = "Github-Public-Key-Signature";

struct Probe {
    explicit Probe(metrics::Registry& registry) {
        const auto outcome = [&](std::string_view name) {
            return registry.counter("callerprint_leak_reports_total",
                                    "Reports of leaked keys, by what became of them.",
                                    {{"outcome", name}});
        };
        const auto label = [&](std::string_view name) {
            return registry.counter("callerprint_leak_tokens_total",
                                    "Tokens of such reports, by what they were taken for.",
                                    {{"label", name}});
        };
        taken = outcome("taken");
        unsigned_ones = outcome("unsigned");
        unreadable = outcome("unreadable");
        too_many = outcome("too_many");
        failed = outcome("failed");
        limited = outcome("limited");
        ours = label("ours");
        others = label("others");
        unknown = label("unknown");
        questions = registry.counter("callerprint_leak_questions_total",
                                     "Questions that were asked because a key was reported.");
    }

    metrics::Counter taken, unsigned_ones, unreadable, too_many, failed, limited;
    metrics::Counter ours, others, unknown;
    metrics::Counter questions;
};

struct Routes {
    Database& database;
    LeakReporting reporting;
    std::shared_ptr<const Answering> answering;
    Probe probe;
    ingest::FailureGate gate;  // of all reports here, not of the failed ones alone

    Routes(Database& pool, LeakReporting options, std::shared_ptr<const Answering> with,
           metrics::Registry& metrics)
        : database(pool),
          reporting(std::move(options)),
          answering(std::move(with)),
          probe(metrics),
          gate(reporting.per_second) {}

    /// One text for whatever is wrong with a signature: who probes learns nothing of the keys.
    http::Response refuse() const {
        probe.unsigned_ones.add();
        return http::Response::problem(401, "not_signed", "Not signed",
                                       "the report is not signed by a code host that is known here")
            .with("WWW-Authenticate", "Signature");
    }

    bool admit(const std::string& address) {
        const auto now = std::chrono::steady_clock::now();
        if (!gate.open(address, now)) return false;
        gate.fail(address, now);
        return true;
    }

    /// Before the body is read: a signature by a key that is known, as it says.
    std::optional<http::Response> check(const http::Request& request) {
        if (!admit(request.peer())) {
            probe.limited.add();
            return http::Response::problem(
                {base::Fault::exhausted, "too many reports from this address; wait a second"});
        }
        const auto identifier = request.header(identifier_header);
        if (!identifier || !request.header(signature_header) ||
            !reporting.keys()->knows(*identifier))
            return refuse();
        return {};
    }

    asio::awaitable<http::Response> post(http::Request& request,
                                         std::shared_ptr<const Routes> self) {
        const auto identifier = request.header(identifier_header);
        const auto signature = request.header(signature_header);
        const auto keys = reporting.keys();
        if (!identifier || !signature) co_return refuse();
        auto body = co_await request.read_body(reporting.max_bytes);
        if (!body) co_return http::Response::problem(body.error());
        if (!keys->signed_by(*identifier, *signature, *body)) co_return refuse();
        auto answer =
            co_await database.run([self, text = std::move(*body), name = std::string(*identifier),
                                   peer = request.peer()](store::Session& session) mutable {
                auto out = self->take(session, text, name, peer);
                base::wipe(text);
                return out;
            });
        if (answer) co_return std::move(*answer);
        probe.failed.add();
        base::log::warn("leaks.failed", {{"reason", answer.error().reason}});
        // Whatever it was, the report is well and has to come again.
        co_return http::Response::problem(
            {base::Fault::unavailable, "the report could not be recorded; send it again"});
    }

    base::Result<http::Response> take(store::Session& session, std::string_view body,
                                      std::string_view identifier, std::string_view peer) const {
        auto tokens = presence::read_leak_report(body);
        if (!tokens) return unreadable(tokens.error());
        auto out = take_tokens(session, *tokens, identifier, peer);
        presence::wipe(*tokens);
        return out;
    }

    http::Response unreadable(const base::Error& error) const {
        if (error.fault != base::Fault::exhausted) {
            probe.unreadable.add();
            return http::Response::problem(error);
        }
        probe.too_many.add();
        return http::Response::problem(413, "too_many_tokens", "Too many tokens", error.reason);
    }

    base::Result<http::Response> take_tokens(store::Session& session,
                                             std::vector<presence::FoundToken>& tokens,
                                             std::string_view identifier,
                                             std::string_view peer) const {
        LeakTaker taker(session, *answering, reporting.reporter, base::WallClock::now());
        if (const auto done = taker.look_up(tokens); !done) return std::unexpected(done.error());
        const auto details = boost::json::serialize(boost::json::object{
            {"tokens", tokens.size()}, {"keys", taker.keys()}, {"address", peer}});
        const auto marked = taker.record(details, identifier);
        if (!marked) return std::unexpected(marked.error());
        const auto asked = taker.ask_about_each();
        if (!asked) return std::unexpected(asked.error());
        count(tokens, *asked);
        base::log::info("leaks.reported", {{"tokens", tokens.size()},
                                           {"keys", taker.keys()},
                                           {"marked", *marked},
                                           {"questions", *asked}});
        return http::Response::text(200, presence::feedback(tokens), json_type);
    }

    void count(const std::vector<presence::FoundToken>& tokens, std::size_t asked) const {
        probe.taken.add();
        probe.questions.add(static_cast<double>(asked));
        for (const auto& token : tokens)
            (!token.ours ? probe.unknown : *token.ours ? probe.ours : probe.others).add();
    }
};

}  // namespace

void add_leak_routes(http::Router& router, Database& database, LeakReporting reporting,
                     std::shared_ptr<const Answering> answering, metrics::Registry& metrics) {
    const auto routes =
        std::make_shared<Routes>(database, std::move(reporting), std::move(answering), metrics);
    router.add("POST", "/v1/leaks",
               {"signature", [routes](http::Request& request) { return routes->check(request); }},
               [routes](http::Request& request) { return routes->post(request, routes); });
}

}  // namespace api
