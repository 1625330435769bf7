#include "app/service.hpp"

#include "api/leaks.hpp"
#include "app/answering.hpp"
#include "app/eraser.hpp"
#include "app/evaluation.hpp"
#include "app/housekeeper.hpp"
#include "app/io_threads.hpp"
#include "app/open_database.hpp"
#include "app/reference_files.hpp"
#include "app/reference_source.hpp"
#include "app/routes.hpp"
#include "app/stored_outbox.hpp"
#include "app/version.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "deliver/dispatcher.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "ingest/service.hpp"
#include "journal/journal.hpp"
#include "pipeline/feeds.hpp"
#include "pipeline/live.hpp"
#include "pipeline/merger.hpp"
#include "store/coverage.hpp"
#include "store/migrations.hpp"
#include "store/policies.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>

namespace app {
namespace {

using std::chrono::milliseconds;

constexpr const char* partition_source = "main";  // one journal, one partition
constexpr milliseconds connection_grace{3'000};
constexpr milliseconds commit_patience{5'000};
constexpr std::uint64_t few_blocks = 32;       // of the journal: what is in work is no backlog
constexpr std::chrono::seconds long_wait{10};  // of calls: questions give way from then on

std::string owner() {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    return std::string(host) + ":" + std::to_string(::getpid());
}

journal::Journal::Options journal_options(const Config& config, const store::Position& position) {
    journal::Journal::Options options;
    options.folder = config.data_dir / "journal";
    options.segment_bytes = config.journal_segment;
    options.quota_bytes = config.journal_quota;
    options.retain_bytes = std::min<std::uint64_t>(options.retain_bytes, config.journal_quota / 4);
    options.ballast_bytes = config.journal_ballast;
    options.known_position = position.next_offset;
    return options;
}

std::vector<store::DeclaredSource> declared_sources(const Config& config) {
    std::vector<store::DeclaredSource> out;
    for (const auto& source : config.sources)
        out.push_back({source.name, source.expect_every, source.expect_since});
    return out;
}

std::vector<store::PolicyRow> policy_rows(const policy::Set& set) {
    std::vector<store::PolicyRow> rows;
    for (const auto& policy : set.policies()) {
        rows.push_back({.id = policy.key(),
                        .name = policy.name,
                        .title = policy.title,
                        .kind = policy.kind == policy::Policy::Kind::rule ? "rule" : "correlation",
                        .level = policy.level,
                        .status = policy.status,
                        .family = policy.callerprint.family,
                        .clause = policy.callerprint.clause,
                        .subject = std::string(name(policy.callerprint.subject)),
                        .author = policy.author,
                        .description = policy.description,
                        .digest = policy.digest,
                        .file = policy.file});
    }
    return rows;
}

/// How far back a window reaches, through the correlations that it is made of.
std::chrono::microseconds reach_of(const policy::Set& set, policy::PolicyIndex index) {
    const auto* correlation = set.correlation(index);
    if (correlation == nullptr) return std::chrono::microseconds(0);
    std::chrono::microseconds inner{0};
    for (const auto rule : correlation->rules) inner = std::max(inner, reach_of(set, rule));
    return correlation->timespan + inner;
}

void add_rules(const policy::Set& set, policy::PolicyIndex index, std::vector<std::string>& keys) {
    if (const auto* correlation = set.correlation(index)) {
        for (const auto rule : correlation->rules) add_rules(set, rule, keys);
    } else {
        keys.push_back(set.policies()[index].key());
    }
}

std::vector<store::PolicyNeeds> needs_of(const Config& config,
                                         const pipeline::Reference& reference) {
    std::vector<store::PolicyNeeds> out;
    const auto& set = *reference.policies;
    for (policy::PolicyIndex i = 0; i < set.policies().size(); ++i) {
        auto& one = out.emplace_back();
        one.key = set.policies()[i].key();
        one.title = set.policies()[i].title;
        one.timespan = reach_of(set, i);
        add_rules(set, i, one.rules);
        for (const auto& source : config.sources) {
            if (pipeline::feeds(*reference.formats, set, source.format, i))
                one.sources.push_back(source.name);
        }
    }
    return out;
}

}  // namespace

/// In the order they are built; destroyed from the bottom up.
struct Service::Parts {
    explicit Parts(Config given) : config(std::move(given)) {}
    // The committer may call until it is destroyed, which is after the dispatcher.
    ~Parts() { set_dispatcher_to_tell(nullptr); }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    Config config;
    metrics::Registry metrics;
    metrics::Gauge reload_worked =
        metrics.gauge("callerprint_config_last_reload_successful",
                      "1 when the last reload worked, 0 when the old files stay.");
    std::optional<OpenDatabase> database;
    std::optional<Secrets> secrets;
    std::shared_ptr<const decode::Formats> formats;
    std::optional<ReferenceSource> reference;
    std::unique_ptr<journal::Journal> journal;
    std::mutex dispatcher_mutex;
    deliver::Dispatcher* dispatcher_to_tell = nullptr;
    std::unique_ptr<pipeline::Live> live;
    std::unique_ptr<pipeline::Merger> merger;
    std::unique_ptr<Eraser> eraser;
    std::mutex tokens_mutex;
    std::shared_ptr<const ingest::Tokens> tokens;
    std::mutex reporter_keys_mutex;
    std::shared_ptr<const api::ReporterKeys> reporter_keys;  // null: nobody reports leaked keys
    std::shared_ptr<store::RegistryCache> registries = std::make_shared<store::RegistryCache>();
    std::optional<AuditWatch> audit;
    std::unique_ptr<Housekeeper> housekeeper;
    std::unique_ptr<ingest::Service> ingest;
    std::unique_ptr<api::Database> api_database;
    std::unique_ptr<api::Database> leak_database;
    std::optional<store::Sealer> sealer;
    std::unique_ptr<StoredOutbox> outbox;
    std::unique_ptr<deliver::Dispatcher> dispatcher;
    std::unique_ptr<IoThreads> threads;
    std::unique_ptr<http::Server> server;
    std::atomic<bool> stopping = false;
    bool stopped = false;

    [[nodiscard]] store::Session::Options session(const char* part) const {
        return {.url = database->url(),
                .application_name = std::string("callerprint ") + part,
                .audit_key = secrets->key("audit"),
                .render = webhook_renderer(config.local_url()),
                .reserve = config.reserve()};
    }
    [[nodiscard]] std::shared_ptr<const ingest::Tokens> current_tokens() {
        const std::lock_guard lock(tokens_mutex);
        return tokens;
    }

    [[nodiscard]] std::shared_ptr<const api::ReporterKeys> current_reporter_keys() {
        const std::lock_guard lock(reporter_keys_mutex);
        return reporter_keys;
    }
    void set_dispatcher_to_tell(deliver::Dispatcher* to_tell) {
        const std::lock_guard lock(dispatcher_mutex);
        dispatcher_to_tell = to_tell;
    }
    void tell_dispatcher() {
        const std::lock_guard lock(dispatcher_mutex);
        if (dispatcher_to_tell != nullptr) dispatcher_to_tell->notify();
    }

    base::Result<void> open_store();
    base::Result<void> start_evaluation();
    base::Result<void> start_housekeeping();
    base::Result<void> start_delivery();
    base::Result<void> start_server();
    void show_free_bytes();
    api::Database::Options database_options(const char* part, unsigned sessions);
    std::optional<LeakRoutes> leak_routes();
    base::Result<void> read_again();
    std::vector<api::Check> checks();
};

base::Result<void> Service::Parts::open_store() {
    auto opened = OpenDatabase::open(config);
    if (!opened) return std::unexpected(opened.error());
    database = std::move(*opened);
    if (config.database_url.empty()) database->own();
    auto key = Secrets::open(config.data_dir);
    if (!key) return std::unexpected(key.error());
    secrets = std::move(*key);
    return {};
}

base::Result<void> Service::Parts::start_housekeeping() {
    Housekeeper::Options options;
    options.session = session("housekeeper");
    options.retention.calls = config.raw_retention;
    options.retention.hours = config.rollup_retention;
    // A rollup without its coverage would be worth nothing.
    options.retention.coverage = config.rollup_retention;
    options.pepper = secrets->key("tokens");
    options.data_dir = config.data_dir;
    audit.emplace(config.data_dir, secrets->key("audit"), metrics);
    options.audit = &*audit;
    options.registries = registries;
    options.on_tokens = [this](std::shared_ptr<const ingest::Tokens> fresh) {
        const std::lock_guard lock(tokens_mutex);
        tokens = std::move(fresh);
    };
    options.on_registry = [this](std::shared_ptr<const registry::Registry> fresh) {
        reference->use(std::move(fresh));
    };
    options.revive_database = [this] { return database->revive(); };
    housekeeper = std::make_unique<Housekeeper>(std::move(options), metrics);
    return housekeeper->start();
}

base::Result<void> Service::Parts::start_evaluation() {
    auto& session_in_use = database->session();
    const auto position = session_in_use.claim(partition_source, 0, owner());
    if (!position) return std::unexpected(position.error());
    auto state = session_in_use.window_state(partition_source, 0);
    if (!state) return std::unexpected(state.error());
    auto judges = store::judges(session_in_use, partition_source, 0, position->snapshot_offset,
                                position->next_offset);
    if (!judges) return std::unexpected(judges.error());
    BASE_KILL_POINT("app.position.claimed");
    auto opened = journal::Journal::open(journal_options(config, *position), &metrics);
    if (!opened) return std::unexpected(opened.error());
    journal = std::move(*opened);
    for (const auto& damage : journal->damage()) {
        base::log::error("journal.damage",
                         {{"first", damage.first}, {"end", damage.end}, {"what", damage.what}});
    }
    auto current = reference->current();
    const auto saved =
        store::save_policies(session_in_use, current->policies->digest(),
                             policy_rows(*current->policies), base::WallClock::now());
    if (!saved) return saved;
    if (auto done = store::declare_sources(session_in_use, declared_sources(config),
                                           base::WallClock::now());
        !done)
        return done;
    if (auto done = store::save_needs(session_in_use, needs_of(config, *current)); !done)
        return done;
    BASE_KILL_POINT("app.policies.saved");
    pipeline::Live::Options options;
    options.recovery = {.session = session("committer"),
                        .position = *position,
                        .window_state = std::move(*state),
                        .judges = std::move(*judges)};
    options.evaluator = evaluator_options(config, *secrets);
    options.on_deliveries = [this] { tell_dispatcher(); };
    options.policy_budget = static_cast<double>(config.policy_cpu_percent) / 100;
    // Not of a backtest: it sees the calls that were kept and no heartbeat.
    for (const auto& source : config.sources) {
        if (source.expect_every)
            options.evaluator.rhythms[source.name] = {*source.expect_every, source.format};
    }
    auto started = pipeline::Live::start(*journal, std::move(current), std::move(options), metrics);
    if (!started) return std::unexpected(started.error());
    live = std::move(*started);
    reference->hand_to([this](auto changed) { live->use(std::move(changed)); });
    reference->hand_on();  // the registry may have changed between the two
    merger = std::make_unique<pipeline::Merger>(
        pipeline::Merger::Options{
            .session = session("merger"),
            .busy = [this] { return journal->end() - live->committed() > few_blocks; }},
        metrics);
    eraser = std::make_unique<Eraser>(
        Eraser::Options{.session = session("eraser"), .journal = *journal, .live = *live}, metrics);
    return {};
}

base::Result<void> Service::Parts::start_delivery() {
    auto made = store::Sealer::make(secrets->key("seal"));
    if (!made) return std::unexpected(made.error());
    sealer = std::move(*made);
    outbox = std::make_unique<StoredOutbox>(session("deliver"), *sealer);
    auto gate = deliver::Gate::make({.trusted = config.webhook_networks});
    if (!gate) return std::unexpected(gate.error());
    auto client = http::Client::make({});
    if (!client) return std::unexpected(client.error());
    auto started =
        deliver::Dispatcher::make({}, std::move(*gate), std::move(*client), *outbox, metrics);
    if (!started) return std::unexpected(started.error());
    dispatcher = std::move(*started);
    dispatcher->start();
    set_dispatcher_to_tell(dispatcher.get());
    return {};
}

std::vector<api::Check> Service::Parts::checks() {
    const auto accepting = journal->accepting();
    return {{"server", stopping ? "stopping" : ""},
            {"journal", accepting ? "" : accepting.error().reason},
            {"detection", live->trouble().value_or("")},
            {"audit", audit->trouble()}};
}

void Service::Parts::show_free_bytes() {
    const auto free = metrics.gauge("callerprint_disk_free_bytes", "Free on the disk of data_dir.");
    metrics.before_page([free, folder = config.data_dir] {
        std::error_code fault;
        const auto space = std::filesystem::space(folder, fault);
        if (!fault) free.set(static_cast<double>(space.available));
    });
}

api::Database::Options Service::Parts::database_options(const char* part, unsigned sessions) {
    return {.session = session(part), .threads = sessions, .behind = [this] {
                return live->lag() > long_wait;
            }};
}

std::optional<LeakRoutes> Service::Parts::leak_routes() {
    if (!reporter_keys) return {};
    leak_database = std::make_unique<api::Database>(database_options("leaks", 1), metrics);
    return LeakRoutes{*leak_database,
                      {.reporter = "reporter:" + config.leak_reporter,
                       .keys = [this] { return current_reporter_keys(); }},
                      metrics};
}

base::Result<void> Service::Parts::start_server() {
    ingest::Service::Options options;
    for (const auto& source : config.sources) {
        options.sources.push_back(
            {source.name, source.format,
             std::chrono::duration_cast<std::chrono::seconds>(source.lateness)});
    }
    options.scrub_key = secrets->key("scrub");
    options.client_records_per_second = config.client_records_per_second;
    options.client_bytes_per_second = config.client_bytes_per_second;
    options.threads = config.threads;
    auto made = ingest::Service::make(
        std::move(options), formats, [this] { return current_tokens(); }, *journal, &metrics);
    if (!made) return std::unexpected(made.error());
    ingest = std::move(*made);
    api_database = std::make_unique<api::Database>(database_options("api", 2), metrics);
    auto answering = make_answering(config, registries);
    if (!answering) return std::unexpected(answering.error());
    auto router = make_router(*ingest, *api_database, std::move(*answering),
                              {.version = version,
                               .revision = revision,
                               .checks = [this] { return checks(); },
                               .metrics = metrics},
                              leak_routes());
    threads = std::make_unique<IoThreads>(config.threads);
    auto listening = http::Server::make(
        threads->contexts(), {.address = config.address, .port = config.port, .tls = config.tls},
        std::move(router), metrics);
    if (!listening) return std::unexpected(listening.error());
    server = std::move(*listening);
    server->start();
    ingest->set_state(ingest::Service::State::running);
    show_free_bytes();
    return {};
}

// All or nothing: so the certificate and the keys are checked before the files, and taken after
// them.
base::Result<void> Service::Parts::read_again() {
    auto keys = load_reporter_keys(config);
    if (!keys) return std::unexpected(keys.error());
    if (config.tls) {
        if (auto checked = http::check_tls(*config.tls); !checked) return checked;
    }
    if (auto loaded = reference->load_files(); !loaded) return loaded;
    {
        const std::lock_guard lock(reporter_keys_mutex);
        reporter_keys = std::move(*keys);
    }
    return server->reload_tls();
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Service::~Service() {
    stop();
}

base::Result<std::unique_ptr<Service>> Service::start(Config config) {
    std::unique_ptr<Service> service(new Service(std::make_unique<Parts>(std::move(config))));
    auto& parts = *service->parts_;
    parts.metrics.build_info(version, revision, compiler,
                             std::to_string(store::built_in_migrations().size()));
    auto formats = load_formats(parts.config.formats);
    if (!formats) return std::unexpected(formats.error());
    parts.formats = std::move(*formats);
    auto reporter_keys = load_reporter_keys(parts.config);
    if (!reporter_keys) return std::unexpected(reporter_keys.error());
    parts.reporter_keys = std::move(*reporter_keys);
    if (auto done = parts.open_store(); !done) return std::unexpected(done.error());
    parts.reference.emplace(parts.config, *parts.secrets, parts.formats);
    if (auto loaded = parts.reference->load_files(); !loaded)
        return std::unexpected(loaded.error());
    if (auto done = parts.start_housekeeping(); !done) return std::unexpected(done.error());
    if (auto done = parts.start_evaluation(); !done) return std::unexpected(done.error());
    if (auto done = parts.start_delivery(); !done) return std::unexpected(done.error());
    if (auto done = parts.start_server(); !done) return std::unexpected(done.error());
    BASE_KILL_POINT("app.ready.before");
    parts.reload_worked.set(1);
    base::log::info("serve.ready", {{"address", parts.config.address},
                                    {"port", static_cast<unsigned>(service->port())},
                                    {"policies", parts.reference->policies()->policies().size()}});
    return service;
}

std::uint16_t Service::port() const {
    return parts_->server->port();
}

bool Service::reload() {
    auto& parts = *parts_;
    const auto loaded = parts.read_again();
    parts.reload_worked.set(loaded ? 1 : 0);
    if (!loaded) {
        base::log::error("serve.reload_refused", {{"reason", loaded.error().reason}});
        return false;
    }
    const auto current = parts.reference->policies();
    const auto& policies = *current;
    auto session = store::Session::open(parts.session("reload"));
    if (session) {
        if (auto saved = store::save_policies(**session, policies.digest(), policy_rows(policies),
                                              base::WallClock::now());
            !saved) {
            base::log::warn("serve.policies_not_recorded", {{"reason", saved.error().reason}});
        }
        if (auto saved =
                store::save_needs(**session, needs_of(parts.config, *parts.reference->current()));
            !saved) {
            base::log::warn("serve.policies_not_recorded", {{"reason", saved.error().reason}});
        }
    }
    BASE_KILL_POINT("app.reload.saved");
    parts.reference->hand_on();
    base::log::info("serve.reloaded", {{"policies", policies.policies().size()}});
    return true;
}

void Service::stop() {
    auto& parts = *parts_;
    if (std::exchange(parts.stopped, true)) return;
    parts.stopping = true;
    if (parts.ingest) parts.ingest->set_state(ingest::Service::State::stopping);
    BASE_KILL_POINT("app.stop.before");
    if (parts.server) parts.server->stop(connection_grace);
    BASE_KILL_POINT("app.stop.server");
    // First the connections' threads, so that nothing goes on there and comes to those that end
    // now.
    if (parts.threads) parts.threads->stop();
    if (parts.ingest) parts.ingest->stop();
    if (parts.api_database) parts.api_database->stop();
    if (parts.leak_database) parts.leak_database->stop();
    if (parts.housekeeper) parts.housekeeper->stop();
    if (parts.eraser) parts.eraser->stop();
    if (parts.live) parts.live->stop(commit_patience);
    BASE_KILL_POINT("app.stop.evaluation");
    if (parts.merger) parts.merger->stop();
    if (parts.dispatcher) parts.dispatcher->stop(connection_grace);
    BASE_KILL_POINT("app.stop.delivery");
    parts.server.reset();
    base::log::info("serve.stopped");
}

}  // namespace app
