#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "http/options.hpp"
#include "store/reserve.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

/// The settings of config/callerprint.yaml, checked; defaults are those of an empty file.
/// Reference: docs/reference/configuration.md.
struct Config {
    enum class Keep { all, matched, none };

    struct Source {
        std::string name;    ///< [a-z0-9_-]{1,64}
        std::string format;  ///< name of a format file, "json" or "auto"
        std::chrono::microseconds lateness{std::chrono::seconds(5)};  ///< 0 s to 24 h
        /// How often something is expected of it, 1 min to 30 d; nothing: it is not said.
        std::optional<std::chrono::microseconds> expect_every;
        std::optional<base::EventTime> expect_since;  ///< From when on.
    };
    struct Table {
        std::filesystem::path path;
        std::string kind;  ///< as, country, network-kind, mmdb
        std::string
            value;  ///< Of network-kind: the kind of every network in the file; else a column.
    };

    std::filesystem::path file;  ///< where it was read from; empty for the defaults
    std::filesystem::path data_dir = "/var/lib/callerprint";
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    std::optional<http::TlsFiles> tls;  ///< none: plain HTTP
    unsigned threads = 2;               ///< 1 to 64
    std::string database_url;
    std::string os_user = "callerprint";
    std::uint64_t database_reserve = 256ull << 20;        ///< bytes; 0 to 1 TB; 0: none
    std::uint64_t journal_quota = 4ull << 30;             ///< bytes; 128 MB to 16 TB
    std::uint64_t journal_segment = 64ull << 20;          ///< bytes; 4 MB to 1 GB
    std::uint64_t journal_ballast = 512ull << 20;         ///< bytes; 0 to 16 GB
    std::uint64_t client_records_per_second = 1'000'000;  ///< 0: no such quota
    std::uint64_t client_bytes_per_second = 256u << 20;   ///< decoded; 0: no such quota
    std::uint64_t questions_per_hour = 120;   ///< Presence questions one may ask; 1 to 100,000.
    std::uint64_t policy_cpu_percent = 1;     ///< Of a core, over 10 s; 0 to 100; 0: no budget.
    std::filesystem::path leak_keys_file;     ///< Who may report leaked keys; empty: nobody.
    std::string leak_reporter = "code-host";  ///< [a-z0-9_-]{1,64}
    std::vector<Source> sources;
    std::vector<std::filesystem::path> policies;
    std::filesystem::path lists;
    std::filesystem::path formats;
    std::vector<Table> tables;
    Keep raw_calls = Keep::matched;
    std::chrono::days raw_retention{30};      ///< 1 to 3650
    std::chrono::days rollup_retention{400};  ///< 1 to 3650
    std::vector<std::string> webhook_networks;
    base::log::Level log_level = base::log::Level::info;

    /// Where a client on this machine reaches the server: `http://127.0.0.1:8080`.
    [[nodiscard]] std::string local_url() const;
    /// What batches leave free on the embedded database's disk; none on a disk that is not ours.
    [[nodiscard]] store::Reserve reserve() const;
    /// The source's settings, or nothing.
    [[nodiscard]] const Source* source(std::string_view name) const;
};

/// Looks a variable up; std::getenv outside tests.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Reads and checks a file, then lays CALLERPRINT_SECTION__KEY variables over it. Fails with
/// Fault::invalid and every problem at once, one a line: `file:line:column: what, and what to
/// write`.
base::Result<Config> load_config(const std::filesystem::path& file, const Environment& environment);

/// The file given with --config, else $CALLERPRINT_CONFIG, else ./config/callerprint.yaml, else
/// /etc/callerprint/callerprint.yaml.
std::filesystem::path config_path(const std::string& given);

}  // namespace app
