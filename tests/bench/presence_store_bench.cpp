// Whole questions, and the searches they are made of, over the rollups of many calls; and what it
// costs the merge to note personas.
//
//     presence_store_bench [ROLLUP_ROWS [PART]]   (default 2000000; ten calls a row)
//     PART is merge, questions or searches; without one, all.
//
// Times are of the wall, p50 and p95, with the server's processor time beside them: on a busy
// machine the second is what the question costs. The database is not durable and is thrown away.
#include "api/ask.hpp"
#include "presence/clue.hpp"
#include "store/cluster.hpp"
#include "store/connection.hpp"
#include "store/merge.hpp"
#include "store/migrations.hpp"
#include "store/presence_traffic.hpp"
#include "store/registry_table.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <sstream>

namespace {

constexpr base::EventTime begin = base::event_time(1'717'372'800'000'000);  // 2024-06-03, a Monday
constexpr int weeks = 8;
constexpr int keys = 50'000;
constexpr int tenants = 20'000;

template <class T>
T must(base::Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "presence_store_bench: %s\n", result.error().reason.c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// User and system time of another process (proc(5), stat, fields 14 and 15).
double cpu_seconds_of(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// Of this process.
double own_cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Bench {
    store::Session& session;
    std::int64_t server = 0;  // its process, of the connection in use
    std::mt19937 random{1};

    std::string sql(const std::string& statement) {
        return must(session.connection().transaction(
            "filling", [&](pqxx::work& tx) -> base::Result<std::string> {
                tx.exec("SET LOCAL statement_timeout = 0");
                const auto rows = tx.exec(statement);
                return rows.empty() || rows[0][0].is_null() ? std::string()
                                                            : rows[0][0].as<std::string>();
            }));
    }

    /// A call's columns for one of many keys: a few keys make most calls, from four origins each.
    static std::string calls(std::size_t rows, const char* columns) {
        return "SELECT " + std::string(columns) + " FROM (SELECT i, floor(" + std::to_string(keys) +
               " * random() ^ 3)::int AS k, floor(4 * random() ^ 2)::int AS place,"
               " timestamptz '2024-06-03 00:00Z' + floor(random() * " +
               std::to_string(weeks * 7 * 24) +
               ") * interval '1 hour' AS hour"
               " FROM generate_series(1, " +
               std::to_string(rows) +
               ") AS i) AS r,"
               " LATERAL (SELECT hashint4(k * 4 + place) & 1048575 AS o) AS p";
    }

    void fill(std::size_t rows) {
        for (int week = 0; week < weeks; ++week) {
            for (const char* parent :
                 {"key_origin_hour", "tenant_operation_hour", "key_operation_hour", "personas"}) {
                sql("SELECT callerprint.ensure_partition('" + std::string(parent) +
                    "', date '2024-06-03' + " + std::to_string(week * 7) + ")");
            }
        }
        const auto columns =
            "hour, 'key-' || k, 'tenant-' || k % " + std::to_string(tenants) +
            ", 'of1:1:' || left(md5(o::text), 26), 10, 9, 1, 0, 0, 0, 0, 0, 0, hour, hour +"
            " interval '50 minutes', inet '10.0.0.0' + (o::bigint * 16 + i % 16), 64500 + o % 3000,"
            " 'AS name', 'DE', 'client' || floor(200 * (o % 997 / 997.0) ^ 3)::int || ' 1.' || i % "
            "4,"
            " i";
        sql("INSERT INTO callerprint.key_origin_hour " + calls(rows, columns.c_str()) +
            " ON CONFLICT DO NOTHING");
        sql("INSERT INTO callerprint.tenant_operation_hour SELECT DISTINCT hour, tenant_uid, "
            "'face',"
            " 'Identify', 10, 9, 1, 0, 0, 0, 0.0, 0, 0 FROM callerprint.key_origin_hour");
        sql("INSERT INTO callerprint.key_operation_hour (hour, key_uid, tenant_uid, service,"
            " operation, calls, ok, failed, denied, request_bytes, response_bytes, units,"
            " input_tokens, output_tokens) SELECT DISTINCT hour, key_uid, tenant_uid, 'face',"
            " 'Identify', 10, 9, 1, 0, 0, 0, 0.0, 0, 0 FROM callerprint.key_origin_hour");
        sql("INSERT INTO callerprint.personas SELECT DISTINCT date_trunc('week', hour, 'UTC'),"
            " key_uid, tenant_uid, origin, callerprint.network_grain(address), asn,"
            " split_part(client, ' ', 1), '-infinity'::timestamptz FROM "
            "callerprint.key_origin_hour");
        sql("INSERT INTO callerprint.tenant_weeks SELECT DISTINCT week, tenant_uid,"
            " '-infinity'::timestamptz FROM callerprint.personas");
        sql("INSERT INTO callerprint.source_position (source, partition, epoch, owner, next_offset,"
            " snapshot_offset, watermark) VALUES ('main', 0, 1, 'bench', 1, 1,"
            " '2024-07-29 00:00Z') ON CONFLICT DO NOTHING");
        for (const char* table :
             {"key_origin_hour", "tenant_operation_hour", "key_operation_hour", "personas"}) {
            sql("ANALYZE callerprint." + std::string(table));
        }
    }

    /// Processor time of the server to merge so many rows of the last week, a row.
    double merge(std::size_t rows) {
        const auto columns =
            "timestamptz '2024-07-22 00:01Z' + i % 168 * interval '1 hour',"
            " timestamptz '2024-07-22 00:02Z' + i % 168 * interval '1 hour', 'tenant-' || k % " +
            std::to_string(tenants) +
            ", 'key-' || k, 'face', 'Identify', 'of1:1:' || left(md5(o::text), 26), o, 1, 1, 0,"
            " inet '10.0.0.0' + (o::bigint * 16 + i % 16), 'client1 1.1', i, 64500 + o % 3000";
        sql("SELECT setseed(0.5)");
        sql("INSERT INTO callerprint.activity (first_seen, last_seen, tenant_uid, key_uid, service,"
            " operation, origin, origin_hash, calls, ok, failed, address, client, record_id, "
            "asn) " +
            calls(rows, columns.c_str()));
        const double before = cpu_seconds_of(server);
        store::Merge merge(session);
        while (!must(merge.step(1'024, base::wall_time(base::micros(begin)))).done) {
        }
        return (cpu_seconds_of(server) - before) / static_cast<double>(rows) * 1e6;
    }

    void ask(const char* what, const std::function<store::TrafficClue()>& clue) {
        std::vector<double> wall;
        const double before = cpu_seconds_of(server);
        double rows = 0;
        std::size_t cut = 0;
        constexpr int times = 20;
        for (int i = 0; i < times; ++i) {
            const auto start = std::chrono::steady_clock::now();
            const auto found = must(
                store::find_traffic(session, clue(), begin, begin + std::chrono::weeks(weeks)));
            wall.push_back(
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
            rows += static_cast<double>(found.personas);
            cut += found.some ? 1 : 0;
        }
        std::ranges::sort(wall);
        std::printf("%-22s p50 %7.1f ms  p95 %7.1f ms  server CPU %7.1f ms  %9.0f personas%s\n",
                    what, wall[times / 2] * 1e3, wall[times * 95 / 100] * 1e3,
                    (cpu_seconds_of(server) - before) / times * 1e3, rows / times,
                    cut != 0 ? "  (some)" : "");
        std::fflush(stdout);
    }

    /// Whoever the calls are of, and 2,000 parties: of some the network, of some a licence.
    registry::Rows told() {
        registry::Rows out;
        for (int i = 0; i < 2'000; ++i) {
            const auto n = std::to_string(i);
            out.parties.push_back({.uid = "p-" + n, .name = "Party " + n + " Analytics"});
            if (i % 4 == 0) out.parties.back().networks.push_back(network(22));
        }
        for (int i = 0; i < tenants; ++i) {
            out.tenants.push_back({.uid = "tenant-" + std::to_string(i),
                                   .party = i < 2'000 ? "p-" + std::to_string(i) : ""});
        }
        for (int i = 0; i < keys; ++i) {
            const auto tenant = "tenant-" + std::to_string(i % tenants);
            out.keys.push_back({.uid = key(i), .tenant = tenant});
            if (i % 10 != 0) continue;
            out.licences.push_back({.uid = "l-" + std::to_string(i),
                                    .subject = tenant,
                                    .operations = {"Identify"},
                                    .valid_from = begin});
        }
        out.gates.push_back({.uid = "g-1", .operations = {"Identify"}});
        return out;
    }

    /// What an analyst asks: two or three clues, some of them common.
    presence::Question question(int n) {
        presence::Question out{.from = begin + std::chrono::weeks(weeks) - std::chrono::days(30),
                               .to = begin + std::chrono::weeks(weeks),
                               .case_ref = "bench",
                               .asked_by = "bench"};
        const auto add = [&](const std::string& clue) {
            out.clues.push_back(must(presence::parse_clue(clue)));
        };
        const auto agent = [&](int from, int to) {
            return "user-agent=client" + std::to_string(from + upto(to - from)) + "/1." +
                   std::to_string(upto(4));
        };
        if (n % 5 == 0) add("party=Party " + std::to_string(upto(2'000)) + " Analytics");
        if (n % 2 == 0) add("cidr=" + call::to_text(network(n % 4 == 0 ? 24 : 20)));
        if (n % 3 == 0) add("asn=" + std::to_string(64'500 + upto(3'000)));
        if (n % 7 == 0) add(agent(0, 4));
        if (n % 2 == 1) add(agent(20, 200));
        if (out.clues.empty()) add("ip=" + call::to_text(network(32)).substr(0, 9) + "9");
        return out;
    }

    void questions() {
        const auto now = base::wall_time(base::micros(begin + std::chrono::weeks(weeks)));
        const auto imported = must(store::RegistryTable(session).import(told(), now, "bench"));
        const api::Answering answering{.hasher = registry::KeyHasher("index", "scrub"),
                                       .signing = base::SigningKey(std::string(32, 's')),
                                       .per_hour = 100'000};
        std::vector<double> wall;
        std::map<std::string, int> said;
        const double before = cpu_seconds_of(server);
        const double own_before = own_cpu_seconds();
        constexpr int asked = 200;
        for (int i = 0; i < asked; ++i) {
            const auto start = std::chrono::steady_clock::now();
            ++said[must(api::ask(session, question(i), answering, now, answering.per_hour)).use];
            wall.push_back(
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        std::ranges::sort(wall);
        std::printf(
            "%d whole questions over 30 days, %zu registry rows: p50 %.0f ms, p95 %.0f ms,"
            " longest %.0f ms; CPU of the server %.0f ms and of the asker %.0f ms each;",
            asked, imported.added, wall[asked / 2] * 1e3, wall[asked * 95 / 100] * 1e3,
            wall.back() * 1e3, (cpu_seconds_of(server) - before) / asked * 1e3,
            (own_cpu_seconds() - own_before) / asked * 1e3);
        for (const auto& [use, times] : said) std::printf(" %s %d", use.c_str(), times);
        std::printf("\n");
        std::fflush(stdout);
    }

    int upto(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
    call::Network network(unsigned prefix) {
        call::Address address;
        address.bytes = {10, static_cast<std::uint8_t>(upto(256)),
                         static_cast<std::uint8_t>(upto(256)),
                         static_cast<std::uint8_t>(upto(256))};
        return call::network_of(address, prefix);
    }
    static std::string key(int n) { return "key-" + std::to_string(n); }
};

void measure_merge(Bench& bench) {
    const std::string noting =
        bench.sql("SELECT pg_get_functiondef('callerprint.note_personas'::regproc)");
    bench.sql(
        "CREATE OR REPLACE FUNCTION callerprint.note_personas(from_page tid, to_page tid)"
        " RETURNS void LANGUAGE sql AS 'SELECT'");
    bench.merge(200'000);  // makes the rows of the hours, which are updated from here on
    const double without = bench.merge(200'000);
    bench.sql(noting);
    const double fresh = bench.merge(200'000);
    const double known = bench.merge(200'000);
    std::printf(
        "merge: %.1f us of the server a row without personas, %.1f with new ones: x %.2f, %.1f"
        " with known ones: x %.2f\n",
        without, fresh, fresh / without, known, known / without);
    // Autovacuum does it within a minute; pages of merged rows would be read by each question.
    pqxx::nontransaction(bench.session.connection().raw()).exec("VACUUM callerprint.activity");
}

void measure_searches(Bench& bench, store::Session& session) {
    bench.ask("address", [&] { return store::ByNetwork{bench.network(32)}; });
    bench.ask("network /20", [&] { return store::ByNetwork{bench.network(20)}; });
    bench.ask("network /12", [&] { return store::ByNetwork{bench.network(12)}; });
    bench.ask("AS", [&] { return store::ByAs{{64'500 + bench.upto(3'000)}}; });
    bench.ask("client, rare", [&] {
        return store::ByClient{"client" + std::to_string(100 + bench.upto(100)), ""};
    });
    bench.ask("client, common", [&] { return store::ByClient{"client0", "1.1"}; });
    bench.ask("20 keys", [&] {
        store::ByKeys out;
        for (int i = 0; i < 20; ++i) out.uids.push_back(bench.key(bench.upto(keys)));
        return out;
    });
    bench.ask("5 tenants", [&] {
        store::ByTenants out;
        for (int i = 0; i < 5; ++i)
            out.uids.push_back("tenant-" + std::to_string(bench.upto(tenants)));
        return out;
    });
    const double cpu = cpu_seconds_of(bench.server);
    const auto asked = std::chrono::steady_clock::now();
    const auto active =
        must(store::active_tenants(session, begin, begin + std::chrono::weeks(weeks)));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - asked;
    std::printf("%-22s once %6.1f ms  server CPU %7.1f ms  (%llu)\n", "active tenants",
                took.count() * 1e3, (cpu_seconds_of(bench.server) - cpu) * 1e3,
                static_cast<unsigned long long>(active));
}

void measure(store::Session& session, std::size_t rows, std::string_view part) {
    Bench bench{session};
    bench.sql("SELECT 1");  // connects
    bench.server = session.connection().backend().pid;
    const auto start = std::chrono::steady_clock::now();
    bench.fill(rows);
    std::fprintf(stderr, "filled in %.0f s\n",
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    const auto size = [&](const char* table) {
        return bench.sql(
            "SELECT pg_size_pretty(sum(pg_total_relation_size(relid)))"
            " FROM pg_partition_tree('callerprint." +
            std::string(table) + "')");
    };
    std::printf("%s rollup rows, %s; %s personas by the week, %s\n",
                bench.sql("SELECT count(*) FROM callerprint.key_origin_hour").c_str(),
                size("key_origin_hour").c_str(),
                bench.sql("SELECT count(*) FROM callerprint.personas").c_str(),
                size("personas").c_str());
    if (part.empty() || part == "merge") measure_merge(bench);
    if (part.empty() || part == "questions") bench.questions();
    if (part.empty() || part == "searches") measure_searches(bench, session);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
    char name[] = "/tmp/presence-bench-XXXXXX";
    if (::mkdtemp(name) == nullptr) return 1;
    ::chmod(name, 0755);
    store::Cluster::Options options;
    options.folder = std::filesystem::path(name) / "pg";
    options.durable = false;
    auto cluster = must(store::Cluster::open(options));
    {
        store::Session::Options with;
        with.url = cluster.url();
        with.audit_key = std::string(32, 'a');
        with.statement_timeout = std::chrono::milliseconds(0);
        const auto session = must(store::Session::open(with));
        must(store::migrate(*session));
        measure(*session, rows, argc > 2 ? argv[2] : "");
    }
    const bool stopped = cluster.stop().has_value();
    std::filesystem::remove_all(name);
    return stopped ? 0 : 1;
}
