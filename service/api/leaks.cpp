#include "api/leaks.hpp"

#include "base/log.hpp"
#include "base/wipe.hpp"
#include "ingest/quota.hpp"
#include "presence/leak_report.hpp"
#include "store/key_index.hpp"
#include "store/leaks.hpp"
#include "store/presence_source.hpp"
#include "store/registry_table.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace api {
namespace {

namespace asio = boost::asio;

constexpr std::string_view json_type = "application/json";
// A question follows only from a key of ours that was found at places not reported before: the
// limit of those who ask for what they like would lose the question that matters.
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

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

/// A key of ours, by its text: in clear, so it lives no longer than the report.
struct Found {
    std::vector<std::string> keys;    ///< uids.
    std::vector<std::string> places;  ///< Of this report.
};
using FoundKeys = std::map<std::string_view, Found>;  // by text, lent by the report

/// Takes one report, in a session of its own.
class Taking {
public:
    Taking(store::Session& session, const Answering& answering, const LeakReporting& reporting,
           base::WallTime now)
        : session_(session), answering_(answering), reporting_(reporting), now_(now) {}

    /// Looks each token up. False when no key's text is known at all: then nothing is known of any.
    base::Result<bool> look_up(std::vector<presence::FoundToken>& tokens);
    /// Marks the keys as public, and says how many were not marked so before.
    base::Result<std::size_t> record(std::string_view details, std::string_view key_identifier);
    /// Asks about each key, unless it was asked for the same report. All are tried before the
    /// first failure is returned.
    base::Result<std::size_t> ask_about_each();

    [[nodiscard]] std::size_t keys() const noexcept { return found_.size(); }

private:
    base::Result<bool> ask_about(std::string_view token, const Found& found);

    store::Session& session_;
    const Answering& answering_;
    const LeakReporting& reporting_;
    base::WallTime now_;
    FoundKeys found_;
};

base::EventTime event_time_of(base::WallTime time) {
    return base::event_time(base::micros(time));
}

base::Result<bool> Taking::look_up(std::vector<presence::FoundToken>& tokens) {
    bool any_known = false;
    std::map<std::string_view, bool> looked_at;
    for (presence::FoundToken& token : tokens) {
        const auto clue = answering_.hasher.clue(registry::KeyClue::Kind::key, token.token);
        if (!clue) continue;  // no key can have this text
        if (!any_known) {
            const auto known = store::indexed_keys(session_, *clue);
            if (!known) return std::unexpected(known.error());
            if (*known == 0) return false;
            any_known = true;
        }
        const auto [seen, fresh] = looked_at.emplace(token.token, false);
        if (fresh) {
            const auto hits = store::find_keys(session_, *clue);
            if (!hits) return std::unexpected(hits.error());
            seen->second = !hits->empty();
            for (const store::KeyHit& hit : *hits) found_[token.token].keys.push_back(hit.key);
        }
        token.ours = seen->second;
        if (token.ours) found_[token.token].places.push_back(token.place);
    }
    return true;
}

base::Result<std::size_t> Taking::record(std::string_view details,
                                         std::string_view key_identifier) {
    std::vector<registry::Leak> leaks;
    for (const auto& [text, found] : found_) {
        for (const std::string& key : found.keys) {
            for (const std::string& place : found.places) {
                leaks.push_back({.key = key,
                                 .key_hash = {},
                                 .first_seen = event_time_of(now_),
                                 .source = reporting_.reporter + " " + place});
            }
        }
    }
    registry::Rows rows;
    auto fresh =
        store::begin_leak_report(session_, reporting_.reporter, key_identifier, details, leaks);
    if (!fresh) return std::unexpected(fresh.error());
    if (fresh->empty()) return 0;
    rows.leaks = std::move(*fresh);
    const auto done = store::RegistryTable(session_).import(rows, now_, reporting_.reporter);
    if (!done) return std::unexpected(done.error());
    return rows.leaks.size();
}

base::Result<bool> Taking::ask_about(std::string_view token, const Found& found) {
    const std::string case_ref = presence::leak_case(found.keys, found.places);
    const auto answered = store::Answers(session_).answered(reporting_.reporter, case_ref);
    if (!answered) return std::unexpected(answered.error());
    if (*answered) return false;
    auto newest = store::newest_event(session_);
    if (!newest && newest.error().fault != base::Fault::not_found)
        return std::unexpected(newest.error());
    // Before the first call the answer is that nothing can be said, and that is an answer too.
    auto question = presence::leak_question(token, case_ref, reporting_.reporter,
                                            newest ? *newest : event_time_of(now_));
    const auto answer = ask(session_, std::move(question), answering_, now_, no_limit);
    if (!answer) return std::unexpected(answer.error());
    base::log::info("leaks.answered", {{"case", case_ref}, {"answer", answer->id}});
    return true;
}

base::Result<std::size_t> Taking::ask_about_each() {
    std::size_t asked = 0;
    base::Result<std::size_t> failure;
    for (const auto& [text, found] : found_) {
        const auto done = ask_about(text, found);
        if (done) {
            asked += *done;
        } else if (failure) {
            failure = std::unexpected(done.error());
        }
    }
    return failure ? asked : failure;
}

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

    asio::awaitable<http::Response> post(http::Request& request,
                                         std::shared_ptr<const Routes> self) {
        if (!admit(request.peer())) {
            probe.limited.add();
            co_return http::Response::problem(
                {base::Fault::exhausted, "too many reports from this address; wait a second"});
        }
        const auto identifier = request.header("Github-Public-Key-Identifier");
        const auto signature = request.header("Github-Public-Key-Signature");
        const auto keys = reporting.keys();
        if (!identifier || !signature || !keys->knows(*identifier)) co_return refuse();
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
        Taking taking(session, *answering, reporting, base::WallClock::now());
        const auto known = taking.look_up(tokens);
        if (!known) return std::unexpected(known.error());
        const auto details = boost::json::serialize(boost::json::object{
            {"tokens", tokens.size()}, {"keys", taking.keys()}, {"address", peer}});
        const auto marked = taking.record(details, identifier);
        if (!marked) return std::unexpected(marked.error());
        const auto asked = taking.ask_about_each();
        if (!asked) return std::unexpected(asked.error());
        count(tokens, *known, *asked);
        base::log::info("leaks.reported", {{"tokens", tokens.size()},
                                           {"keys", taking.keys()},
                                           {"marked", *marked},
                                           {"questions", *asked}});
        // Where no key's text was told, "not ours" would be a guess.
        return http::Response::text(200, *known ? presence::feedback(tokens) : "[]", json_type);
    }

    void count(const std::vector<presence::FoundToken>& tokens, bool known,
               std::size_t asked) const {
        probe.taken.add();
        probe.questions.add(static_cast<double>(asked));
        for (const auto& token : tokens)
            (!known ? probe.unknown : token.ours ? probe.ours : probe.others).add();
    }
};

}  // namespace

void add_leak_routes(http::Router& router, Database& database, LeakReporting reporting,
                     std::shared_ptr<const Answering> answering, metrics::Registry& metrics) {
    const auto routes =
        std::make_shared<Routes>(database, std::move(reporting), std::move(answering), metrics);
    router.add("POST", "/v1/leaks",
               [routes](http::Request& request) { return routes->post(request, routes); });
}

}  // namespace api
