#include "ingest/service.hpp"

#include "base/digest.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "http/router.hpp"
#include "ingest/answer.hpp"
#include "ingest/arrivals.hpp"
#include "ingest/door.hpp"
#include "ingest/durable.hpp"
#include "ingest/idempotency.hpp"
#include "ingest/media.hpp"
#include "ingest/probe.hpp"
#include "ingest/quota.hpp"
#include "ingest/seen.hpp"
#include "ingest/underway.hpp"
#include "ingest/workers.hpp"
#include "journal/journal.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace ingest {
namespace {

using boost::asio::awaitable;
using http::Response;
using Steady = std::chrono::steady_clock;

// With the body's digest: after a restart, when the front door has forgotten the key, another body
// under it must not be dropped as a repeat.
std::uint64_t idempotency_hash(std::string_view client, std::string_view key,
                               const base::Digest& body) {
    const std::string_view bytes(reinterpret_cast<const char*>(body.data()), body.size());
    const base::Digest digest =
        base::sha256(base::LengthPrefixed().add(client).add(key).add(bytes).text());
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8 | digest[i];
    return hash == 0 ? 1 : hash;  // 0 says that there was no key
}

Response replayed(std::string answer, Batch::Protocol protocol) {
    Response response = counts(200, std::move(answer), 0).with("Idempotent-Replay", "true");
    if (protocol == Batch::Protocol::otlp_protobuf) response.content_type = protobuf_type;
    return response;
}

bool valid_key(std::string_view key) {
    return !key.empty() && key.size() <= 128 &&
           std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool valid_number(std::string_view text) {
    return !text.empty() && text.size() <= 18 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "17", or "17-42" in ascending order.
bool valid_sequence(std::string_view text) {
    const std::size_t dash = text.find('-');
    const std::string_view first = text.substr(0, dash);
    if (dash == std::string_view::npos) return valid_number(first);
    const std::string_view last = text.substr(dash + 1);
    if (!valid_number(first) || !valid_number(last)) return false;
    const auto value = [](std::string_view digits) {
        std::uint64_t out = 0;
        for (const char c : digits) out = out * 10 + static_cast<std::uint64_t>(c - '0');
        return out;
    };
    return value(first) <= value(last);
}

bool valid_source_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

base::Result<void> check(const Service::Options& options, const decode::Formats& formats) {
    const auto invalid = [](std::string reason) {
        return base::fail(base::Fault::invalid, "ingest option " + std::move(reason));
    };
    if (options.sources.empty()) return invalid("sources is empty: name at least one");
    for (std::size_t i = 0; i < options.sources.size(); ++i) {
        const Source& one = options.sources[i];
        if (!valid_source_name(one.name))
            return invalid("sources: '" + one.name + "' is not 1 to 64 of a-z, 0-9, '-', '_', '.'");
        if (formats.find(one.format) == nullptr)
            return invalid("sources: '" + one.name + "' has unknown format '" + one.format + "'");
        for (std::size_t j = 0; j < i; ++j)
            if (options.sources[j].name == one.name)
                return invalid("sources: '" + one.name + "' is there twice");
    }
    if (options.scrub_key.size() < 16) return invalid("scrub_key has less than 16 bytes");
    if (!decode::within_range(options.records)) return invalid("records is out of range");
    if (options.client_burst.count() < 1 || options.auth_failures_per_second == 0)
        return invalid("client_burst and auth_failures_per_second must be at least 1");
    if (options.threads < 1 || options.threads > 64) return invalid("threads must be 1 to 64");
    if (options.seen_ids == 0) return invalid("seen_ids must be at least 1");
    return {};
}

}  // namespace

/// What the three handlers share. Named parts of the header section are checked in one order:
/// state, source, type, coding, key, room, quota, behind the door; only then the body is read.
struct Service::Shared {
    Shared(Options given, std::shared_ptr<const decode::Formats> given_formats, TokenSource source,
           journal::Journal& to, Probe counters)
        : options(std::move(given)),
          formats(std::move(given_formats)),
          journal(to),
          probe(counters),
          quota({options.client_records_per_second, options.client_bytes_per_second,
                 options.client_burst}),
          door(std::move(source), options.auth_failures_per_second, probe.auth_failures),
          idempotency(options.idempotency_age, options.idempotency_keys),
          seen(options.seen_ids),
          workers({.threads = options.threads,
                   .formats = formats,
                   .scrub_key = options.scrub_key,
                   .records = options.records,
                   .decompress = options.decompress}) {}

    awaitable<Response> lines(http::Request& request);
    awaitable<Response> otlp(http::Request& request);
    awaitable<Response> limits(http::Request& request);

    struct Header {
        Client client;
        const Source* source = nullptr;
        Media media;
        std::optional<std::string_view> key;
        std::uint64_t idempotency = 0;
        std::string sequence{};  // of the batch, as Batch has it
    };
    std::expected<Header, Response> read_header(const http::Request& request, bool otlp);
    std::expected<const Source*, Response> source_of(const http::Request& request,
                                                     const Client& client, bool otlp) const;
    static std::expected<std::string, Response> sequence_of(const http::Request& request);
    std::optional<Response> no_room(const Client& client);
    awaitable<Response> take(http::Request& request, Header header);
    awaitable<Response> take_batch(http::Request& request, Header header);
    awaitable<Response> store(http::Request& request, Header header, std::string body,
                              Underway::Batch& place);
    Response unprepared(PrepareFault fault);
    Response refused_busy() const;
    Response refused_by_journal(const base::Error& error);
    base::WallTime arrival(Steady::time_point steady);

    Options options;
    std::shared_ptr<const decode::Formats> formats;
    journal::Journal& journal;
    Probe probe;
    Quota quota;
    Door door;
    Idempotency idempotency;
    Seen seen;
    Arrivals arrivals;
    Underway underway;
    Workers workers;
    std::atomic<State> state = State::starting;
    std::atomic<Steady::rep> trouble_since{0};  // of the journal; 0 while it accepts
};

namespace {

// Forgets an Idempotency-Key in flight unless its batch was stored, whatever ends the coroutine.
class KeyInFlight {
public:
    KeyInFlight(Idempotency& store, std::string_view client, std::optional<std::string_view> key)
        : store_(store), client_(client), key_(key.value_or("")) {}
    ~KeyInFlight() {
        if (held_) store_.forget(client_, key_);
    }
    KeyInFlight(const KeyInFlight&) = delete;
    KeyInFlight& operator=(const KeyInFlight&) = delete;

    void hold() noexcept { held_ = true; }
    void finish(const std::string& answer) {
        if (std::exchange(held_, false)) store_.finish(client_, key_, answer);
    }

private:
    Idempotency& store_;
    std::string client_;
    std::string key_;
    bool held_ = false;
};

}  // namespace

std::expected<const Source*, Response> Service::Shared::source_of(const http::Request& request,
                                                                  const Client& client,
                                                                  bool otlp) const {
    const auto refused = [](unsigned status, std::string_view code, std::string_view detail) {
        return std::unexpected(
            Response::problem(status, code, "No such source to send to", detail));
    };
    std::string_view name = otlp ? std::string_view(options.otlp_source) : std::string_view();
    if (const auto asked = request.query("source"))
        name = *asked;
    else if (!otlp && options.sources.size() == 1)
        name = options.sources.front().name;
    if (name.empty())
        return refused(400, "source_missing",
                       "Name a configured source: POST /v1/ingest?source=NAME");
    const auto found = std::ranges::find(options.sources, name, &Source::name);
    if (found == options.sources.end())
        return refused(400, "source_unknown", "The source is not in the configuration");
    if (!client.may_send_to(name))
        return refused(403, "source_forbidden", "This token may not send to that source");
    return &*found;
}

std::expected<std::string, Response> Service::Shared::sequence_of(const http::Request& request) {
    const auto producer = request.header("callerprint-producer");
    const auto numbers = request.header("callerprint-sequence");
    if (!producer && !numbers) return std::string();
    if (producer && numbers && valid_key(*producer) && valid_sequence(*numbers))
        return std::string(*numbers) + ' ' + std::string(*producer);
    return std::unexpected(
        Response::problem(400, "bad_sequence",
                          "Callerprint-Producer must be 1 to 128 visible ASCII characters, and "
                          "Callerprint-Sequence a number or FIRST-LAST of at most 18 digits each"));
}

std::optional<Response> Service::Shared::no_room(const Client& client) {
    if (const base::Result<void> room = journal.accepting(); !room)
        return refused_by_journal(room.error());
    const auto now = Steady::now();
    if (underway.crowded(now)) return refused_busy();
    const Quota::Standings standings = quota.standings(client.id, now);
    if (standings.open()) return std::nullopt;
    probe.refused_quota.add();
    const auto wait = static_cast<unsigned>(std::min<std::int64_t>(standings.wait().count(), 3600));
    Response response =
        later(429, "quota", "Over this client's rate of records or bytes", wait + jitter(0, 4));
    add_rate_limits(response, standings);
    return response;
}

Response Service::Shared::refused_busy() const {
    probe.refused_busy.add();
    return later(503, "busy", "More batches wait than can be stored soon", jitter(1, 3));
}

// Retry-After starts at 2 s and doubles with the time that the trouble lasts, up to 60 s.
Response Service::Shared::refused_by_journal(const base::Error& error) {
    probe.refused_journal.add();
    const Steady::rep now = Steady::now().time_since_epoch().count();
    Steady::rep since = 0;
    if (trouble_since.compare_exchange_strong(since, now)) since = now;
    const auto lasted =
        std::chrono::duration_cast<std::chrono::seconds>(Steady::duration(now - since));
    const auto wait = static_cast<unsigned>(std::clamp<std::int64_t>(lasted.count(), 2, 40));
    base::log::debug("ingest.refused", {{"why", error.reason}});
    return later(503,
                 error.fault == base::Fault::exhausted ? "journal_full" : "journal_unavailable",
                 "Cannot store batches now", jitter(wait, wait * 3 / 2));
}

std::expected<Service::Shared::Header, Response> Service::Shared::read_header(
    const http::Request& request, bool otlp) {
    if (state == State::starting)
        return std::unexpected(later(503, "starting", "The server is starting", jitter(2, 4)));
    if (state == State::stopping)
        return std::unexpected(later(503, "stopping", "The server is stopping", jitter(2, 4)));
    const Client& client = caller(request);
    const std::expected<const Source*, Response> source = source_of(request, client, otlp);
    if (!source) return std::unexpected(source.error());
    const std::expected<Media, Response> media = read_media(request, otlp);
    if (!media) return std::unexpected(media.error());
    Header header{client, *source, *media, request.header("idempotency-key")};
    if (!header.key) header.key = request.header("x-batch-id");
    if (header.key && !valid_key(*header.key))
        return std::unexpected(Response::problem(400, "bad_idempotency_key",
                                                 "Idempotency-Key must be 1 to 128 visible "
                                                 "ASCII characters"));
    std::expected<std::string, Response> sequence = sequence_of(request);
    if (!sequence) return std::unexpected(std::move(sequence.error()));
    header.sequence = *std::move(sequence);
    if (std::optional<Response> refusal = no_room(header.client))
        return std::unexpected(*std::move(refusal));
    return header;
}

awaitable<Response> Service::Shared::lines(http::Request& request) {
    std::expected<Header, Response> header = read_header(request, false);
    if (!header) co_return std::move(header.error());
    co_return co_await take(request, *std::move(header));
}

awaitable<Response> Service::Shared::otlp(http::Request& request) {
    const bool protobuf = says_protobuf(request);
    std::expected<Header, Response> header = read_header(request, true);
    if (!header) co_return otlp_failure(protobuf, std::move(header.error()));
    Response response = co_await take(request, *std::move(header));
    if (response.status != 200) co_return otlp_failure(protobuf, std::move(response));
    co_return response;
}

awaitable<Response> Service::Shared::take(http::Request& request, Header header) {
    const std::string client = header.client.id;
    Response response = co_await take_batch(request, std::move(header));
    add_rate_limits(response, quota.standings(client, Steady::now()));
    co_return response;
}

awaitable<Response> Service::Shared::take_batch(http::Request& request, Header header) {
    base::Result<std::string> body =
        co_await request.read_body(options.max_body_bytes, header.client.id);
    if (!body) co_return Response::problem(body.error());
    Underway::Batch place(underway, Steady::now());
    probe.body_bytes.add(static_cast<double>(body->size()));
    KeyInFlight key(idempotency, header.client.id, header.key);
    if (!header.key) co_return co_await store(request, std::move(header), *std::move(body), place);
    const base::Digest digest = base::sha256(*body);
    header.idempotency = idempotency_hash(header.client.id, *header.key, digest);
    Idempotency::Found found =
        idempotency.begin(header.client.id, *header.key, digest, Steady::now());
    switch (found.verdict) {
        case Idempotency::Verdict::in_flight:
            co_return later(409, "in_flight", "A batch with this Idempotency-Key is being handled",
                            1);
        case Idempotency::Verdict::other:
            co_return Response::problem(422, "key_reused",
                                        "This Idempotency-Key came with another body");
        case Idempotency::Verdict::replay:
            probe.replays.add();
            co_return replayed(std::move(found.answer), header.media.protocol);
        case Idempotency::Verdict::first:
            break;
    }
    key.hold();
    Response response = co_await store(request, std::move(header), *std::move(body), place);
    if (response.status == 200) key.finish(response.body);
    co_return response;
}

base::WallTime Service::Shared::arrival(Steady::time_point steady) {
    const Arrivals::Stamp stamp = arrivals.stamp(options.now(), steady);
    if (stamp.step) {
        probe.clock_steps.add();
        base::log::warn("ingest.clock_step", {{"microseconds", stamp.step->count()}});
    }
    return stamp.at;
}

awaitable<Response> Service::Shared::store(http::Request& request, Header header, std::string body,
                                           Underway::Batch& place) {
    const auto begun = Steady::now();
    const bool otlp = header.media.protocol != Batch::Protocol::lines;
    const bool protobuf = header.media.protocol == Batch::Protocol::otlp_protobuf;
    Batch batch;
    batch.body = std::move(body);
    batch.coding = header.media.coding;
    batch.kind = header.media.kind;
    batch.protocol = header.media.protocol;
    batch.head.source = header.source->name;
    batch.head.client = header.client.id;
    batch.head.batch_id = request.id();
    batch.head.received = arrival(begun);
    batch.head.idempotency = header.idempotency;
    batch.sequence = std::move(header.sequence);

    std::expected<Prepared, PrepareFault> prepared =
        co_await workers.prepare(std::move(batch), *formats->find(header.source->format),
                                 [&] { return place.begin(Steady::now()) && journal.accepting(); });
    if (!prepared) co_return unprepared(prepared.error());
    const std::size_t rejected = prepared->rejects.size();
    quota.spend(header.client.id, prepared->records + rejected, prepared->decoded_bytes, begun);
    probe.decoded_bytes.add(static_cast<double>(prepared->decoded_bytes));

    if (!prepared->blocks.empty()) {
        BASE_KILL_POINT("ingest.append.before");
        const base::Result<journal::Lsn> lsn =
            co_await durable(journal, std::move(prepared->blocks));
        if (!lsn && lsn.error().fault == base::Fault::invalid)
            co_return unprepared(PrepareFault::too_large);
        if (!lsn) co_return refused_by_journal(lsn.error());
        trouble_since = 0;
        BASE_KILL_POINT("ingest.append.after");
    }
    // Now that it is stored, not before: a batch that was not must be new when it comes again.
    const std::uint32_t duplicates = seen.repeats(header.source->name, prepared->ids);
    const std::uint32_t accepted = prepared->records - duplicates;
    probe.accepted.add(accepted);
    probe.duplicates.add(duplicates);
    for (const decode::Reject& reject : prepared->rejects)
        probe.rejected[static_cast<std::size_t>(reject.code)].add();
    const std::chrono::duration<double> took = Steady::now() - begun;
    probe.batch_seconds.observe(took.count());

    if (otlp) co_return otlp_counts(protobuf, rejected);
    // What was set aside on purpose (a digest file among the logs) is no error of the sender.
    const bool useless = prepared->records == 0 &&
                         std::ranges::any_of(prepared->rejects, [](const decode::Reject& one) {
                             return one.code != decode::RejectCode::not_a_record;
                         });
    co_return counts(useless ? 400 : 200,
                     counts_body(accepted, duplicates, prepared->rejects, request.id()), rejected);
}

Response Service::Shared::unprepared(PrepareFault fault) {
    switch (fault) {
        case PrepareFault::coding:
            return Response::problem(400, "bad_encoding",
                                     "The body is not what its Content-Encoding says");
        case PrepareFault::too_large:
            return Response::problem(
                413, "too_large", "The body is too large after decoding", {},
                boost::json::object{{"limit_decoded_bytes", options.decompress.decoded_bytes},
                                    {"limit_ratio", options.decompress.ratio}});
        case PrepareFault::unwanted: {
            const base::Result<void> room = journal.accepting();
            return room ? refused_busy() : refused_by_journal(room.error());
        }
        case PrepareFault::framing:
            break;
    }
    return Response::problem(
        400, "bad_framing",
        "No record could be told apart in the body: is its Content-Type right?");
}

// Anybody may ask how much may be sent; which sources there are is for those who may send.
awaitable<Response> Service::Shared::limits(http::Request& request) {
    boost::json::object body{
        {"max_body", options.max_body_bytes},
        {"max_decoded", options.decompress.decoded_bytes},
        {"max_ratio", options.decompress.ratio},
        {"max_line", options.records.max_line_bytes},
        {"max_depth", options.records.max_depth},
        {"max_keys", options.records.max_keys},
        {"skew_future_seconds", options.records.skew_future.count()},
        {"records_per_second", options.client_records_per_second},
        {"bytes_per_second", options.client_bytes_per_second},
        {"idempotency_hours", options.idempotency_age.count()},
        {"content_types", known_types()},
        {"content_codings", known_codings()},
    };
    const auto authorization = request.header("authorization");
    if (authorization) {
        const std::expected<Client, Response> client = door.authenticate(request);
        if (!client) co_return client.error();
        boost::json::array sources;
        for (const Source& source : options.sources)
            if (client->may_send_to(source.name))
                sources.push_back(
                    boost::json::object{{"name", source.name},
                                        {"format", source.format},
                                        {"lateness_seconds", source.lateness.count()}});
        body["sources"] = std::move(sources);
    }
    co_return Response::json(200, body);
}

base::Result<std::unique_ptr<Service>> Service::make(Options options,
                                                     std::shared_ptr<const decode::Formats> formats,
                                                     TokenSource tokens, journal::Journal& journal,
                                                     metrics::Registry* metrics) {
    if (auto checked = check(options, *formats); !checked) return std::unexpected(checked.error());
    return std::unique_ptr<Service>(new Service(
        std::make_unique<Shared>(std::move(options), std::move(formats), std::move(tokens), journal,
                                 metrics != nullptr ? Probe(*metrics) : Probe())));
}

Service::Service(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}
Service::~Service() = default;

void Service::add_routes(http::Router& router) {
    Shared* shared = shared_.get();
    router.add("POST", "/v1/ingest", shared->door.needs(scope_ingest),
               [shared](http::Request& request) { return shared->lines(request); });
    const auto dress = [](const http::Request& request, Response refusal) {
        return otlp_failure(says_protobuf(request), std::move(refusal));
    };
    router.add("POST", "/v1/logs", shared->door.needs(scope_ingest, dress),
               [shared](http::Request& request) { return shared->otlp(request); });
    router.add("GET", "/v1/limits", http::Access::open(),
               [shared](http::Request& request) { return shared->limits(request); });
}

void Service::stop() {
    shared_->workers.stop();
}

Door& Service::door() noexcept {
    return shared_->door;
}

void Service::set_state(State state) noexcept {
    shared_->state = state;
}

}  // namespace ingest
