#include "app/canary.hpp"
#include "app/command.hpp"
#include "app/input.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "base/log.hpp"
#include "coverage/gaps.hpp"
#include "coverage/json.hpp"
#include "registry/row_reader.hpp"
#include "store/batch_chain.hpp"
#include "store/coverage.hpp"

#include <cstdio>
#include <cstdlib>

namespace app {
namespace {

using boost::json::value;

struct Asking {
    std::string from;
    std::string to;
    std::string gap;
    std::string reason;
    std::string by;
    std::string file;
    CanaryOptions canary;
};

base::Result<base::EventTime> time_of(const std::string& text, base::EventTime fallback) {
    if (text.empty()) return fallback;
    const auto time = registry::parse_time(text);
    if (time) return *time;
    return base::fail(base::Fault::invalid,
                      "--from and --to take a time such as 2026-01-31T10:00:00Z, or a date");
}

/// The database and the window that is asked about.
struct Looking {
    OpenDatabase database;
    base::EventTime from;
    base::EventTime to;
};

base::Result<Looking> look(const Invocation& invocation, const Asking& asking) {
    const auto config = invocation.load();
    if (!config) return std::unexpected(config.error());
    const auto now = std::chrono::floor<std::chrono::minutes>(
        base::event_time(base::micros(base::WallClock::now())));
    const auto to = time_of(asking.to, now);
    if (!to) return std::unexpected(to.error());
    const auto from = time_of(asking.from, *to - std::chrono::hours(24));
    if (!from) return std::unexpected(from.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return std::unexpected(database.error());
    return Looking{std::move(*database), *from, *to};
}

value maybe(const std::optional<std::uint64_t>& number) {
    return number ? value(*number) : value("");
}

Table table_of(const std::vector<coverage::SourceLine>& sources) {
    Table table{{"source", "received", "parsed", "attributed", "late", "rejected", "lost",
                 "expected", "declared"},
                {}};
    for (const auto& line : sources)
        table.rows.push_back({value(line.source), line.received, line.parsed, line.attributed,
                              line.late, line.rejected, line.lost, maybe(line.expected),
                              line.expectation_declared});
    return table;
}

Table table_of(const std::vector<coverage::Gap>& gaps) {
    Table table{{"source", "cause", "from", "to", "lost", "acknowledged", "note"}, {}};
    for (const auto& gap : gaps)
        table.rows.push_back({value(gap.source.empty() ? "all" : gap.source),
                              value(name(gap.cause)), value(base::to_rfc3339(gap.from)),
                              value(base::to_rfc3339(gap.to)), maybe(gap.lost), gap.acknowledged,
                              value(gap.note)});
    return table;
}

Table table_of(const std::vector<store::BlindPolicy>& blind) {
    Table table{{"policy", "title", "source", "why", "from", "to", "acknowledged"}, {}};
    for (const auto& [policy, gaps] : blind) {
        for (const auto& gap : gaps)
            table.rows.push_back({value(policy.key), value(policy.title),
                                  value(gap.source.empty() ? "all" : gap.source),
                                  value(name(gap.cause)), value(base::to_rfc3339(gap.from)),
                                  value(base::to_rfc3339(gap.to)), gap.acknowledged});
    }
    return table;
}

void print_summary(const coverage::Certificate& certificate, std::size_t blind) {
    std::printf("%s to %s: %.4f%% seen, at least %.4f%% with 95%%; %zu gaps%s\n",
                base::to_rfc3339(certificate.from).c_str(),
                base::to_rfc3339(certificate.to).c_str(), certificate.share * 100,
                certificate.lower95 * 100, certificate.gaps.size(),
                has_unacknowledged_hole(certificate) ? ", not all acknowledged" : "");
    if (certificate.canaries)
        std::printf("canaries: %llu of %llu found\n",
                    static_cast<unsigned long long>(certificate.canaries->found),
                    static_cast<unsigned long long>(certificate.canaries->sent));
    if (blind > 0)
        std::printf(
            "policies that were blind at some of this time: %zu; `coverage blind` lists them\n",
            blind);
    if (!certificate.chain_head.empty()) std::printf("chain: %s\n", certificate.chain_head.c_str());
}

Exit show(const Invocation& invocation, const Asking& asking) {
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    auto looking = look(invocation, asking);
    if (!looking) return complain(looking.error());
    auto& session = looking->database.session();
    const auto certificate = store::read_coverage(session, looking->from, looking->to);
    if (!certificate) return complain(certificate.error());
    const auto blind = store::blind_policies(session, looking->from, looking->to);
    if (!blind) return complain(blind.error());
    if (*form == Form::json || *form == Form::ndjson) {
        auto out = coverage::to_json(*certificate);
        auto& keys = out["blind_policies"].emplace_array();
        for (const auto& one : *blind) keys.emplace_back(one.policy.key);
        std::printf("%s\n", json_text(out).c_str());
        return Exit::done;
    }
    if (*form == Form::table) print_summary(*certificate, blind->size());
    std::fputs(print(table_of(certificate->sources), *form).c_str(), stdout);
    return Exit::done;
}

Exit gaps(const Invocation& invocation, const Asking& asking) {
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    auto looking = look(invocation, asking);
    if (!looking) return complain(looking.error());
    const auto certificate =
        store::read_coverage(looking->database.session(), looking->from, looking->to);
    if (!certificate) return complain(certificate.error());
    boost::json::array rows;
    for (const auto& gap : certificate->gaps) rows.push_back(coverage::to_json(gap));
    if (*form == Form::json) {
        std::printf("%s\n", json_text(rows).c_str());
    } else if (*form == Form::ndjson) {
        for (const auto& row : rows) std::printf("%s\n", json_text(row).c_str());
    } else {
        std::fputs(print(table_of(certificate->gaps), *form).c_str(), stdout);
    }
    return Exit::done;
}

Exit blind(const Invocation& invocation, const Asking& asking) {
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    auto looking = look(invocation, asking);
    if (!looking) return complain(looking.error());
    const auto found =
        store::blind_policies(looking->database.session(), looking->from, looking->to);
    if (!found) return complain(found.error());
    std::fputs(print(table_of(*found), *form).c_str(), stdout);
    return Exit::done;
}

Exit acknowledge(const Invocation& invocation, const Asking& asking) {
    const auto gap = coverage::parse_gap_id(asking.gap);
    if (!gap) return complain(gap.error());
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto done = store::acknowledge(database->session(), *gap, asking.reason, asking.by,
                                         base::WallClock::now());
    if (!done) return complain(done.error());
    std::printf("%s acknowledged; what is missing is still missing\n", asking.gap.c_str());
    return Exit::done;
}

Exit import(const Invocation& invocation, const Asking& asking) {
    auto input = Input::open(asking.file);
    if (!input) return complain(input.error());
    const auto text = input->rest(256 << 20);
    if (!text) return complain(text.error());
    const auto counters = coverage::read_counters(*text);
    if (!counters)
        return complain({counters.error().fault, asking.file + ":\n" + counters.error().reason});
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto done =
        store::import_counters(database->session(), *counters, actor(), base::WallClock::now());
    if (!done) return complain(done.error());
    std::printf("%s: %zu counters\n", asking.file.c_str(), counters->size());
    return Exit::done;
}

Exit verify(const Invocation& invocation) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto walk = store::walk_chain(database->session());
    if (!walk) return complain(walk.error());
    std::printf("%llu entries from number %llu on, %llu records, head %s\n",
                static_cast<unsigned long long>(walk->entries),
                static_cast<unsigned long long>(walk->first),
                static_cast<unsigned long long>(walk->records),
                walk->head.empty() ? "none" : walk->head.c_str());
    if (!walk->fault) return Exit::done;
    std::printf("entry %llu %s\n", static_cast<unsigned long long>(walk->fault->n),
                walk->fault->what.c_str());
    return Exit::negative;
}

Exit canary(const Invocation& invocation, Asking& asking) {
    if (asking.canary.upload.token.empty()) {
        if (const char* token = std::getenv("CALLERPRINT_TOKEN"))
            asking.canary.upload.token = token;
    }
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    if (asking.canary.upload.url.empty()) asking.canary.upload.url = config->local_url();
    const auto sent = send_canaries(*config, asking.canary);
    if (!sent) return complain(sent.error());
    std::printf("%zu canaries sent to %s\n", *sent, asking.canary.upload.source.c_str());
    return Exit::done;
}

void add_window(CLI::App& command, Asking& asking, Invocation& invocation) {
    command.add_option("--from", asking.from, "Begin, by default a day before the end");
    command.add_option("--to", asking.to, "End, by default now");
    add_output(command, invocation);
}

}  // namespace

void add_coverage(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("coverage", "What could have been seen, and what is missing");
    group->require_subcommand(0, 1);
    auto asking = std::make_shared<Asking>();
    const auto act = [&invocation, asking](CLI::App& command, auto action) {
        command.callback([&invocation, asking, action] {
            if (!invocation.action)
                invocation.action = [&invocation, asking, action] {
                    return action(invocation, *asking);
                };
        });
    };
    add_window(*group, *asking, invocation);
    act(*group, show);  // without a name; it comes after those of the subcommands

    auto* shows =
        group->add_subcommand("show", "What came from each source, and what share that is");
    add_window(*shows, *asking, invocation);
    shows->footer("Example:\n  callerprint coverage show --from 2026-01-01 --to 2026-02-01");
    act(*shows, show);

    auto* lists = group->add_subcommand("gaps", "Times of which something is missing, and why");
    add_window(*lists, *asking, invocation);
    lists->footer("Example:\n  callerprint coverage gaps --from 2026-01-01 -o json");
    act(*lists, gaps);

    auto* blinds =
        group->add_subcommand("blind", "Policies that could not see all they are about, and why");
    add_window(*blinds, *asking, invocation);
    blinds->footer("Example:\n  callerprint coverage blind --from 2026-01-01 --to 2026-02-01");
    act(*blinds, blind);

    auto* acks = group->add_subcommand("ack", "Note that somebody knows of a gap");
    acks->add_option("gap", asking->gap,
                     "SOURCE/CAUSE/FROM/TO, as `gaps -o json` names it; all for all sources")
        ->required();
    acks->add_option("--reason", asking->reason, "Why it is there")->required();
    acks->add_option("--by", asking->by, "Who knows it")->required();
    acks->footer(
        "It makes nothing appear: the share stays what it is.\nExample:\n  callerprint coverage "
        "ack "
        "edge/silent/2026-01-31T10:00:00Z/2026-01-31T11:00:00Z \\\n    --reason 'gateway moved' "
        "--by "
        "ann");
    act(*acks, acknowledge);

    auto* imports = group->add_subcommand("import", "Take in what a gateway counted itself");
    imports->add_option("file", asking->file, "CSV with source,from,to,count; - for standard input")
        ->required();
    imports->footer("Example:\n  callerprint coverage import counters.csv");
    act(*imports, import);

    auto* verifies = group->add_subcommand("verify", "Walk the chain of batches");
    verifies->footer(
        "Exit code 1 names the first bad entry.\nExample:\n  callerprint coverage verify");
    act(*verifies, [](const Invocation& one, const Asking&) { return verify(one); });

    auto* canaries =
        group->add_subcommand("canary", "Send calls of our own, to see whether they are found");
    canaries->add_option("--url", asking->canary.upload.url,
                         "Server, by default that of the configuration");
    canaries->add_option("--token", asking->canary.upload.token,
                         "Token, by default $CALLERPRINT_TOKEN");
    canaries
        ->add_option("--source", asking->canary.upload.source,
                     "Source that reads the native format")
        ->required();
    canaries->add_option("--count", asking->canary.count, "How many, 1 to 1000")
        ->check(CLI::Range(1, 1000));
    canaries->footer(
        "No rule, tenant or answer sees them; `coverage show` says how many were found.\n"
        "Example:\n  callerprint coverage canary --source edge --count 10");
    act(*canaries, canary);
}

}  // namespace app
