#include "app/config.hpp"

#include "app/files.hpp"
#include "app/settings.hpp"
#include "call/address.hpp"
#include "registry/row_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace app {
namespace {

using std::chrono::days;
using std::chrono::microseconds;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

void read_listen(Settings& settings, Config& config) {
    const auto listen = settings.text("server.listen", "127.0.0.1:8080");
    const auto colon = listen.rfind(':');
    auto host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto digits = colon == std::string::npos ? std::string() : listen.substr(colon + 1);
    const auto* end = digits.data() + digits.size();
    const auto [stop, fault] = std::from_chars(digits.data(), end, config.port);
    if (digits.empty() || fault != std::errc{} || stop != end || !call::parse_address(host)) {
        settings.problem("server.listen",
                         "write an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
        return;
    }
    config.address = host;
}

void read_tls(Settings& settings, Config& config) {
    const auto certificate = settings.path("server.tls.certificate", "");
    const auto key = settings.path("server.tls.key", "");
    if (certificate.empty() && key.empty()) return;
    if (certificate.empty()) settings.problem("server.tls.certificate", "the key needs it");
    if (key.empty()) settings.problem("server.tls.key", "the certificate needs it");
    config.tls = {.certificate = certificate, .key = key};
}

void read_expectation(Settings& entry, Config::Source& source) {
    using std::chrono::minutes;
    const auto every = entry.duration("expect.every", microseconds(0), minutes(1), days(30));
    if (every != microseconds(0)) source.expect_every = every;
    const auto since = entry.text("expect.since", "");
    if (since.empty()) return;
    source.expect_since = registry::parse_time(since);
    if (!source.expect_since)
        entry.problem("expect.since", "write a time such as 2026-01-31T00:00:00Z");
    if (!source.expect_every) entry.problem("expect.since", "it needs expect.every beside it");
}

void read_sources(Settings& settings, Config& config) {
    for (auto& entry : settings.items("sources")) {
        Config::Source source;
        source.name = entry.text("name", "");
        source.format = entry.text("format", "auto");
        source.lateness =
            entry.duration("lateness", source.lateness, microseconds(0), std::chrono::hours(24));
        read_expectation(entry, source);
        if (!is_name(source.name)) {
            entry.problem("name", "a source is named with a-z, 0-9, _ and -, at most 64 of them");
        } else if (config.source(source.name)) {
            entry.problem("name", "this source is named twice; give each its own name");
        }
        entry.finish();
        config.sources.push_back(std::move(source));
    }
}

void read_tables(Settings& settings, Config& config) {
    for (auto& entry : settings.items("reference.tables")) {
        Config::Table table{entry.path("path", ""), entry.text("kind", ""),
                            entry.text("value", "")};
        static constexpr std::string_view kinds[] = {"as", "country", "network-kind", "mmdb"};
        if (std::ranges::find(kinds, table.kind) == std::end(kinds)) {
            entry.problem("kind", "write as, country, network-kind or mmdb");
        }
        if (!table.value.empty() && table.kind != "network-kind") {
            entry.problem("value", "only kind: network-kind takes a value; remove it");
        }
        if (table.path.empty()) entry.problem("path", "a table needs the path of its file");
        entry.finish();
        config.tables.push_back(std::move(table));
    }
}

void read_webhooks(Settings& settings, Config& config) {
    config.webhook_networks = settings.texts("webhooks.allow_networks", {});
    for (const auto& network : config.webhook_networks) {
        if (!call::parse_network(network)) {
            settings.problem("webhooks.allow_networks",
                             "write networks such as 127.0.0.0/8, with no host bits set");
        }
    }
}

void read_leaks(Settings& settings, Config& config) {
    config.leak_keys_file = settings.path("leaks.keys_file", "");
    config.leak_reporter = settings.text("leaks.reporter", config.leak_reporter);
    if (!is_name(config.leak_reporter)) {
        settings.problem("leaks.reporter",
                         "a reporter is named with a-z, 0-9, _ and -, at most 64 of them");
    }
}

void read_choices(Settings& settings, Config& config) {
    const auto keep = settings.choice("raw_calls.keep", "matched", {"all", "matched", "none"});
    config.raw_calls = keep == "all"    ? Config::Keep::all
                       : keep == "none" ? Config::Keep::none
                                        : Config::Keep::matched;
    const auto level = settings.choice("log.level", "info", {"debug", "info", "warn", "error"});
    config.log_level = level == "debug"   ? base::log::Level::debug
                       : level == "warn"  ? base::log::Level::warn
                       : level == "error" ? base::log::Level::error
                                          : base::log::Level::info;
}

Config read(Settings& settings) {
    Config config;
    config.data_dir = settings.path("data_dir", config.data_dir);
    read_listen(settings, config);
    read_tls(settings, config);
    config.threads = static_cast<unsigned>(settings.count("server.threads", 2, 1, 64));
    config.database_url = settings.text("database.url", "");
    config.os_user = settings.text("database.os_user", config.os_user);
    config.database_reserve =
        settings.bytes("database.reserve", config.database_reserve, 0, 1ull << 40);
    config.journal_quota =
        settings.bytes("journal.quota", config.journal_quota, 128ull << 20, 16ull << 40);
    config.journal_segment =
        settings.bytes("journal.segment", config.journal_segment, 4ull << 20, 1ull << 30);
    config.journal_ballast =
        settings.bytes("journal.ballast", config.journal_ballast, 0, 16ull << 30);
    config.questions_per_hour =
        settings.count("questions.per_hour", config.questions_per_hour, 1, 100'000);
    config.client_records_per_second = settings.count(
        "ingest.client_records_per_second", config.client_records_per_second, 0, 1'000'000'000);
    config.client_bytes_per_second = settings.bytes("ingest.client_bytes_per_second",
                                                    config.client_bytes_per_second, 0, 1ull << 40);
    config.policy_cpu_percent =
        settings.count("evaluation.policy_cpu_percent", config.policy_cpu_percent, 0, 100);
    read_leaks(settings, config);
    read_sources(settings, config);
    config.policies = settings.paths("policies", {"policies"});
    config.lists = settings.path("lists", "lists");
    config.formats = settings.path("formats", "formats");
    read_tables(settings, config);
    config.raw_retention = settings.whole_days("raw_calls.retention", config.raw_retention);
    config.rollup_retention = settings.whole_days("rollups.retention", config.rollup_retention);
    read_webhooks(settings, config);
    read_choices(settings, config);
    settings.finish();
    return config;
}

}  // namespace

store::Reserve Config::reserve() const {
    if (!database_url.empty()) return {};
    return {data_dir / "postgres", database_reserve};
}

std::string Config::local_url() const {
    // What listens everywhere is reached at loopback.
    std::string host = address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address;
    if (host.contains(':')) host = "[" + host + "]";
    return (tls ? "https://" : "http://") + host + ":" + std::to_string(port);
}

const Config::Source* Config::source(std::string_view name) const {
    const auto found = std::ranges::find(sources, name, &Source::name);
    return found == sources.end() ? nullptr : &*found;
}

base::Result<Config> load_config(const std::filesystem::path& file,
                                 const Environment& environment) {
    const auto text = read_file(file, 1 << 20);
    if (!text) return std::unexpected(text.error());
    auto settings = Settings::parse(file, *text, environment);
    if (!settings) return std::unexpected(settings.error());
    auto config = read(*settings);
    config.file = file;
    if (const auto problems = settings->problems(); !problems.empty()) {
        return base::fail(base::Fault::invalid, problems);
    }
    return config;
}

std::filesystem::path config_path(const std::string& given) {
    if (!given.empty()) return given;
    if (const char* named = std::getenv("CALLERPRINT_CONFIG")) return named;
    if (std::filesystem::exists("config/callerprint.yaml")) return "config/callerprint.yaml";
    return "/etc/callerprint/callerprint.yaml";
}

}  // namespace app
