#include "alert/alert.hpp"
#include "app/command.hpp"
#include "app/files.hpp"
#include "app/input.hpp"
#include "app/reference_files.hpp"
#include "decode/gate.hpp"
#include "pipeline/replay.hpp"
#include "registry/import.hpp"
#include "registry/registry.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace app {
namespace {

constexpr std::size_t wrapped_bytes =
    256 << 20;  // of a file that is one wrapped body, after decompression

struct Replaying {
    std::vector<std::string> policies;
    std::vector<std::string> files;
    std::string format = "auto";
    std::string lists;
    std::string formats;
    std::string registry;
    bool matches = false;
    bool ignore_log_source = false;
};

boost::json::object name_policy(const policy::Policy& policy) {
    const auto text = [](const std::string& value) {
        return value.empty() ? boost::json::value(nullptr) : boost::json::value(value);
    };
    return {{"title", policy.title}, {"id", text(policy.id)}, {"name", text(policy.name)}};
}

/// A count as 5, not as 5E0.
boost::json::value number(double value) {
    constexpr double exact = 1LL << 53;
    if (std::trunc(value) == value && std::abs(value) < exact)
        return static_cast<std::int64_t>(value);
    return value;
}

void print(const boost::json::object& line) {
    const auto text = boost::json::serialize(line) + '\n';
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_firing(const policy::Set& set, const correlate::Firing& firing) {
    const auto& policy = set.policies()[firing.policy];
    boost::json::object line;
    line["kind"] = "alert";
    line["policy"] = name_policy(policy);
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

/// Feeds one file: line by line when its first line is a record, else whole through the gate, which
/// takes records out of their envelopes.
class Feeder {
public:
    Feeder(pipeline::Replay& replay, const decode::Formats& formats, const decode::Format& format)
        : replay_(replay),
          format_(&format),
          gate_(formats, std::string(32, 'g')),
          formats_(formats) {}

    base::Result<void> feed(const std::string& path) {
        auto input = Input::open(path);
        if (!input) return std::unexpected(input.error());
        auto lines = input->lines();
        if (!lines) return std::unexpected(lines.error());
        first_record_ = 0;
        const auto* direct = line_format(*lines);
        if (!direct) return feed_wrapped(std::string(*lines), *input);
        while (!lines->empty()) {
            give(*direct, *lines);
            lines = input->lines();
            if (!lines) return std::unexpected(lines.error());
        }
        return {};
    }
    [[nodiscard]] std::uint64_t bad() const { return bad_; }

private:
    /// The format to read lines with, or null when the first line is no record on its own.
    const decode::Format* line_format(std::string_view lines) {
        if (format_->name() == "json") return format_;
        const auto first = lines.substr(0, lines.find('\n'));
        const auto accepted = gate_.accept(first, decode::BodyKind::automatic, *format_, arrival_);
        if (!accepted || accepted->records != 1 ||
            accepted->lines.substr(0, accepted->lines.size() - 1) != first) {
            return nullptr;
        }
        return formats_.find(accepted->format);
    }

    void give(const decode::Format& format, std::string_view lines) {
        replay_.lines(format, lines, first_record_, arrival_);
        first_record_ += static_cast<std::uint32_t>(std::count(lines.begin(), lines.end(), '\n'));
    }

    base::Result<void> feed_wrapped(std::string body, Input& input) {
        auto rest = input.rest(wrapped_bytes);
        if (!rest) return std::unexpected(rest.error());
        body += *rest;
        if (body.empty()) return {};
        const auto accepted = gate_.accept(body, decode::BodyKind::automatic, *format_, arrival_);
        if (!accepted) {
            ++bad_;
            return {};
        }
        bad_ += accepted->rejects.size();
        if (const auto* format = formats_.find(accepted->format); format && accepted->records > 0) {
            give(*format, accepted->lines);
        }
        return {};
    }

    pipeline::Replay& replay_;
    const decode::Format* format_;
    decode::Gate gate_;
    const decode::Formats& formats_;
    base::WallTime arrival_ = base::WallTime::max();  // history: no time is in the future
    std::uint32_t first_record_ = 0;
    std::uint64_t bad_ = 0;
};

base::Result<enrich::Snapshot> load_facts(const std::string& path) {
    if (path.empty()) return enrich::Snapshot{};
    const auto text = read_file(path, 256 << 20);
    if (!text) return std::unexpected(text.error());
    auto rows = registry::parse_rows(*text, registry::detect_format(*text));
    if (!rows) {
        std::string problems;
        for (const auto& problem : rows.error()) {
            problems += (problems.empty() ? "" : "\n") + path + ":" + std::to_string(problem.line) +
                        ": " + problem.what;
        }
        return base::fail(base::Fault::invalid, std::move(problems));
    }
    auto built = registry::Registry::build(std::move(*rows));
    if (!built) return std::unexpected(built.error());
    return enrich::Snapshot{.registry = *built, .tables = {}};
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

base::Result<void> replay(const Replaying& options) {
    const std::vector<std::filesystem::path> paths(options.policies.begin(),
                                                   options.policies.end());
    const auto lists = load_lists(options.lists);
    if (!lists) return std::unexpected(lists.error());
    const auto set = load_policies(paths, *lists);
    if (!set) return std::unexpected(set.error());
    const auto formats = load_formats(
        options.formats.empty() ? default_formats() : std::filesystem::path(options.formats));
    if (!formats) return std::unexpected(formats.error());
    const auto* format = (*formats)->find(options.format);
    if (!format) {
        std::string known;
        for (const auto& name : (*formats)->names()) known += (known.empty() ? "" : ", ") + name;
        return base::fail(base::Fault::invalid, "unknown format; --format takes one of: " + known);
    }
    auto facts = load_facts(options.registry);
    if (!facts) return std::unexpected(facts.error());
    const auto reference = pipeline::make_reference(*formats, *set, std::move(*facts),
                                                    std::string(32, 'r'), pipeline::Purpose::match);
    pipeline::Replay::Options replaying;
    replaying.ignore_log_source = options.ignore_log_source;
    replaying.on_firing = [&](const correlate::Firing& firing) { print_firing(**set, firing); };
    if (options.matches) {
        replaying.on_match = [&](policy::PolicyIndex policy, std::uint64_t line) {
            print({{"kind", "match"},
                   {"policy", name_policy((*set)->policies()[policy])},
                   {"line", line}});
        };
    }
    auto evaluation = pipeline::Replay::make(reference, std::move(replaying));
    if (!evaluation) return std::unexpected(evaluation.error());
    const auto started = std::chrono::steady_clock::now();
    Feeder feeder(**evaluation, **formats, *format);
    for (const auto& file : options.files) {
        if (auto fed = feeder.feed(file); !fed) return fed;
    }
    (*evaluation)->finish();
    std::fflush(stdout);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    print_summary((*evaluation)->summary(), feeder.bad(), std::max(took.count(), 1e-9));
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
    command->add_option("--format", options->format,
                        "Log format of the files (default: told from the content)");
    command->add_option("--lists", options->lists, "Folder of value lists for expand");
    command->add_option("--formats", options->formats, "Folder of format files");
    command->add_option("--registry", options->registry,
                        "Registry rows (NDJSON or CSV) for facts about tenants and keys");
    command->add_flag("--matches", options->matches, "Print each matching rule and line too");
    command->add_flag("--ignore-logsource", options->ignore_log_source,
                      "Try every rule on every record");
    command->add_option("files", options->files, "Files, or - for standard input")->required();
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
