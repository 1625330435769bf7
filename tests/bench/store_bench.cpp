// Activity through Session::commit into an embedded PostgreSQL of this program's own, durable as in
// production, and its merge into the rollups. Prints rows a second, and what a row costs of our
// processor time and of the server's, from the processes' own clocks, so that a busy machine
// changes little.
#include "store/cluster.hpp"
#include "store/connection.hpp"
#include "store/merge.hpp"
#include "store/migrations.hpp"
#include "store/session.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

template <class T>
T must(base::Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "store_bench: %s\n", result.error().reason.c_str());
        std::exit(1);
    }
    return std::move(*result);
}

double our_cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
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

/// What a call of a large provider nearly always is: a row of its own.
struct Texts {
    std::deque<std::string> all;
    std::string_view keep(std::string text) { return all.emplace_back(std::move(text)); }
};

std::vector<rollup::Activity> activity(Texts& texts, std::size_t rows, std::size_t keys,
                                       std::size_t round) {
    std::vector<rollup::Activity> out;
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t key = (i * 7'919 + round * 104'729) % keys;
        auto& row = out.emplace_back();
        row.minute = base::event_time(1'717'200'300'000'000);
        row.first_seen = row.last_seen = row.minute + std::chrono::milliseconds(i % 60'000);
        row.tenant = texts.keep("tenant-" + std::to_string(key / 4));
        row.key = texts.keep("AKIA" + std::to_string(1'000'000'000'000 + key));
        row.service = "s3.amazonaws.com";
        row.operation = texts.keep("GetObject" + std::to_string((i * 31 + round) % 400));
        row.origin = texts.keep("of1:1:rctyp53lsipzm6zi2k" + std::to_string(i * 17 + round));
        row.origin_hash = i * 0x9e37'79b9'7f4a'7c15u + round;
        row.address = "198.18.7.9";
        row.client_family = "boto3";
        row.client_version = "1.34";
        row.record_id = i;
        row.sums.calls = row.sums.ok = 1;
    }
    return out;
}

/// Processor time of this program and of a server process from its making on.
class Spent {
public:
    explicit Spent(std::int64_t server)
        : server_(server), ours_(our_cpu_seconds()), theirs_(cpu_seconds_of(server)) {}
    void print(const char* what, std::uint64_t rows) const {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_;
        const auto count = static_cast<double>(rows);
        std::printf("%-24s %8.0f rows/s  a row: ours %4.2f us, the server's %5.2f us\n", what,
                    count / took.count(), (our_cpu_seconds() - ours_) / count * 1e6,
                    (cpu_seconds_of(server_) - theirs_) / count * 1e6);
    }

private:
    std::int64_t server_;
    double ours_;
    double theirs_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

void measure(store::Session& session, std::size_t rows, std::size_t keys, std::size_t rounds) {
    const auto start = must(session.claim("bench", 0, "bench"));
    Texts texts;
    store::Effects effects;
    effects.source = "bench";
    effects.epoch = start.epoch;
    effects.to = start.next_offset;
    effects.now = base::wall_time(1'717'200'300'000'000);
    const auto server = session.connection().backend().pid;
    std::vector<std::vector<rollup::Activity>> all;
    for (std::size_t i = 0; i < rounds; ++i) all.push_back(activity(texts, rows, keys, i));
    const Spent appending(server);
    for (auto& some : all) {
        effects.from = effects.to++;
        effects.rollup.activity = rollup::Activities(some);
        must(session.commit(effects));
    }
    appending.print("append", rows * rounds);
    const Spent merging(server);
    store::Merge merge(session);
    std::uint64_t merged = 0;
    for (bool done = false; !done;) {
        const auto step = must(merge.step(1'024, effects.now));
        merged += step.rows;
        done = step.done;
    }
    merging.print("merge into four rollups", merged);
}

}  // namespace

int main() {
    char name[] = "/tmp/store-bench-XXXXXX";
    if (::mkdtemp(name) == nullptr) return 1;
    ::chmod(name, 0755);
    store::Cluster::Options options;
    options.folder = std::filesystem::path(name) / "pg";
    auto cluster = must(store::Cluster::open(options));
    {
        store::Session::Options with;
        with.url = cluster.url();
        const auto session = must(store::Session::open(with));
        must(store::migrate(*session));
        measure(*session, 30'000, 100'000, 10);
        measure(*session, 30'000, 100'000, 10);
    }
    const bool stopped = cluster.stop().has_value();
    std::filesystem::remove_all(name);
    return stopped ? 0 : 1;
}
