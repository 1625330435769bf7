#include "alert/alert.hpp"
#include "alert/explain.hpp"
#include "app/command.hpp"
#include "app/feeder.hpp"
#include "app/offline.hpp"
#include "app/output.hpp"
#include "app/reference_files.hpp"
#include "pipeline/replay.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>

namespace app {
namespace {

struct Replaying {
    std::vector<std::string> policies;
    std::string lists;
    OfflineOptions input;
    unsigned threads = 0;  // 0: as many as help
    bool matches = false;
    bool ignore_log_source = false;
};

/// A count as 5, not as 5E0.
boost::json::value number(double value) {
    constexpr double exact = 1LL << 53;
    if (std::trunc(value) == value && std::abs(value) < exact)
        return static_cast<std::int64_t>(value);
    return value;
}

void print(const boost::json::object& line) {
    const auto text = json_text(line) + '\n';
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_firing(const policy::Set& set, const correlate::Firing& firing) {
    const auto& policy = set.policies()[firing.policy];
    boost::json::object line;
    line["kind"] = "alert";
    line["policy"] = alert::policy_names(policy);
    line["group"] = alert::to_json(firing.group);
    line["at"] = base::to_rfc3339(firing.at);
    line["window_start"] = base::to_rfc3339(firing.window_start);
    line["value"] = number(firing.value);
    for (const auto& figure : firing.figures) line[figure.name] = number(figure.value);
    line["exact"] = firing.exact;
    if (firing.behind) line["behind"] = base::to_rfc3339(*firing.behind);
    if (!policy.level.empty()) line["level"] = policy.level;
    if (!policy.author.empty()) line["author"] = policy.author;
    print(line);
}

void print_summary(const pipeline::Replay::Summary& summary, std::uint64_t bad, double seconds) {
    std::fprintf(stderr,
                 "records %llu  bad %llu  alerts %llu  seconds %.3f  records/s %.0f  MB/s %.1f\n",
                 static_cast<unsigned long long>(summary.records),
                 static_cast<unsigned long long>(summary.bad + bad),
                 static_cast<unsigned long long>(summary.firings), seconds,
                 static_cast<double>(summary.records) / seconds,
                 static_cast<double>(summary.bytes) / 1e6 / seconds);
}

// Windows are one thread's: more than a few wait for it, each with 30 MB of tables.
unsigned some_threads() {
    return std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
}

base::Result<void> replay(const Replaying& options) {
    const std::vector<std::filesystem::path> paths(options.policies.begin(),
                                                   options.policies.end());
    const auto lists = load_lists(options.lists);
    if (!lists) return std::unexpected(lists.error());
    const auto set = load_policies(paths, *lists);
    if (!set) return std::unexpected(set.error());
    const auto offline = open_offline(options.input, *set);
    if (!offline) return std::unexpected(offline.error());
    pipeline::Replay::Options replaying;
    replaying.threads = options.threads != 0 ? options.threads : some_threads();
    replaying.ignore_log_source = options.ignore_log_source;
    replaying.on_firing = [&](const correlate::Firing& firing) { print_firing(**set, firing); };
    if (options.matches) {
        replaying.on_match = [&](policy::PolicyIndex policy, std::uint64_t line) {
            print({{"kind", "match"},
                   {"policy", alert::policy_names((*set)->policies()[policy])},
                   {"line", line}});
        };
    }
    auto evaluation = pipeline::Replay::make(offline->reference, std::move(replaying));
    if (!evaluation) return std::unexpected(evaluation.error());
    const auto started = std::chrono::steady_clock::now();
    std::uint64_t bad = 0;
    Feeder feeder(
        *offline->formats, *offline->format,
        [&](const decode::Format& format, std::string_view lines, std::uint32_t first) {
            (*evaluation)->lines(format, lines, first, history_arrival);
        },
        [&](std::uint32_t, std::string_view) { ++bad; });
    for (const auto& file : options.input.files) {
        if (auto fed = feeder.feed(file); !fed) return fed;
    }
    (*evaluation)->finish();
    std::fflush(stdout);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    print_summary((*evaluation)->summary(), bad, std::max(took.count(), 1e-9));
    return {};
}

}  // namespace

void add_replay(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Replaying>();
    auto* command =
        app.add_subcommand("replay", "Evaluate files against policies; needs no database");
    command->add_option("--policies", options->policies, "Policy files or folders")
        ->required()
        ->take_all();
    command->add_option("--lists", options->lists, "Folder of value lists for expand");
    add_offline_options(*command, options->input);
    command
        ->add_option(
            "--threads", options->threads,
            "Threads, 1 to 64 (default: one for each core, 4 at most); what is printed is the same")
        ->check(CLI::Range(1u, pipeline::Replay::most_threads));
    command->add_flag("--matches", options->matches, "Print each matching rule and line too");
    command->add_flag("--ignore-logsource", options->ignore_log_source,
                      "Try every rule on every record");
    command->footer(
        "Examples:\n  callerprint replay --policies config/policies --lists config/lists "
        "calls.ndjson\n"
        "  zcat trail.json.gz | callerprint replay --policies rules/ --format aws-cloudtrail "
        "--matches -");
    command->callback([&invocation, options] {
        invocation.action = [options] {
            const auto done = replay(*options);
            return done ? Exit::done : complain(done.error());
        };
    });
}

}  // namespace app
