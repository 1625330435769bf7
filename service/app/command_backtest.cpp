#include "app/backtest_report.hpp"
#include "app/command.hpp"
#include "app/evaluation.hpp"
#include "app/history_source.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "app/reference_files.hpp"
#include "app/secrets.hpp"
#include "base/log.hpp"
#include "decode/time_text.hpp"
#include "pipeline/backtest.hpp"
#include "policy/date.hpp"
#include "registry/registry.hpp"
#include "store/alerts.hpp"
#include "store/registry_table.hpp"

#include <algorithm>
#include <cstdio>

namespace app {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;

struct Backtesting {
    std::vector<std::string> policies;
    std::vector<std::string> against{"current"};
    std::string lists;
    std::string last, from, to;
    bool journal = false;
    bool all = false;
    bool exit_code = false;
};

base::Result<base::EventTime> time_of(const std::string& text, const char* option) {
    const auto read = decode::read_time(text);
    if (read) return std::chrono::floor<minutes>(read->time);
    return base::fail(base::Fault::invalid, std::string(option) +
                                                " is a time such as "
                                                "2025-03-01T00:00:00Z, not '" +
                                                text + "'");
}

base::Result<store::Period> period_of(const Backtesting& asked) {
    store::Period out;
    if (!asked.last.empty()) {
        if (!asked.from.empty() || !asked.to.empty())
            return base::fail(base::Fault::invalid, "write --last, or --from and --to");
        const auto span = policy::parse_span(asked.last);
        if (!span)
            return base::fail(
                base::Fault::invalid,
                "--last is a time span such as 30d, 12h or 90m, not '" + asked.last + "'");
        const auto now = base::event_time(base::micros(base::WallClock::now()));
        out.from = std::chrono::floor<minutes>(now - *span);
    }
    if (!asked.from.empty()) {
        const auto from = time_of(asked.from, "--from");
        if (!from) return std::unexpected(from.error());
        out.from = *from;
    }
    if (!asked.to.empty()) {
        const auto to = time_of(asked.to, "--to");
        if (!to) return std::unexpected(to.error());
        out.to = *to;
    }
    if (out.from && out.to && *out.from >= *out.to)
        return base::fail(base::Fault::invalid, "--from must be before --to, by whole minutes");
    return out;
}

std::string joined(const std::vector<std::string>& paths) {
    std::string out;
    for (const auto& path : paths) out += (out.empty() ? "" : " ") + path;
    return out;
}

/// Both sets, and all else that evaluation depends on, as the server has it now.
class Judges {
public:
    static base::Result<Judges> make(const Config& config, store::Session& session,
                                     const Backtesting& asked) {
        Judges out;
        const auto current_lists = load_lists(config.lists);
        if (!current_lists) return std::unexpected(current_lists.error());
        const auto lists =
            asked.lists.empty() ? current_lists : load_lists(std::filesystem::path(asked.lists));
        if (!lists) return std::unexpected(lists.error());
        const auto load = [&](const std::vector<std::string>& paths, const policy::Lists& with) {
            return load_policies({paths.begin(), paths.end()}, with);
        };
        std::vector<std::string> current;
        for (const auto& path : config.policies) current.push_back(path.string());
        const bool plain = asked.against == std::vector<std::string>{"current"};
        out.recorded_ = asked.against == std::vector<std::string>{"recorded"};
        auto before = load(plain || out.recorded_ ? current : asked.against, *current_lists);
        if (!before) return std::unexpected(before.error());
        auto after = load(asked.policies.empty() ? current : asked.policies, *lists);
        if (!after) return std::unexpected(after.error());
        out.before_ = {.what = joined(asked.against), .set = std::move(*before)};
        out.after_ = {.what = asked.policies.empty() ? "current" : joined(asked.policies),
                      .set = std::move(*after),
                      .same_lists = *lists == *current_lists};
        if (auto done = out.prepare(config, session); !done) return std::unexpected(done.error());
        return out;
    }

    [[nodiscard]] microseconds memory() const {
        return std::max(pipeline::memory_of(*before_.set), pipeline::memory_of(*after_.set));
    }
    /// Judges the block by both sets, so that both see the same.
    void take(const journal::Entry& entry) {
        if (!recorded_) first_->apply(entry);
        second_->apply(entry);
    }
    /// Of what is compared with.
    [[nodiscard]] const policy::Set& policies() const { return *before_.set; }
    [[nodiscard]] bool recorded() const { return recorded_; }
    [[nodiscard]] const pipeline::Evaluator::Counters& counters() const {
        return second_->counters();
    }
    /// What both told in the period; the alerts that were recorded are given.
    std::pair<BacktestSide, BacktestSide> finish(const store::Period& period,
                                                 std::vector<alert::Past> recorded) {
        first_->finish();
        second_->finish();
        before_.alerts = recorded_ ? std::move(recorded) : first_->alerts(period.from, period.to);
        after_.alerts = second_->alerts(period.from, period.to);
        return {std::move(before_), std::move(after_)};
    }

private:
    base::Result<void> prepare(const Config& config, store::Session& session) {
        const auto formats = load_formats(config.formats);
        if (!formats) return std::unexpected(formats.error());
        auto tables = load_tables(config.tables);
        if (!tables) return std::unexpected(tables.error());
        auto rows = store::RegistryTable(session).load();
        if (!rows) return std::unexpected(rows.error());
        const auto registry = registry::Registry::build(std::move(*rows));
        if (!registry) return std::unexpected(registry.error());
        const auto secrets = Secrets::open(config.data_dir);
        if (!secrets) return std::unexpected(secrets.error());
        const auto make = [&](const BacktestSide& side) {
            return pipeline::Backtest::make(
                pipeline::make_reference(*formats, side.set,
                                         {.registry = *registry, .tables = *tables},
                                         secrets->key("origin"), pipeline::Purpose::store),
                evaluator_options(config, *secrets));
        };
        auto first = make(before_);
        if (!first) return std::unexpected(first.error());
        auto second = make(after_);
        if (!second) return std::unexpected(second.error());
        first_ = std::move(*first);
        second_ = std::move(*second);
        return {};
    }

    BacktestSide before_, after_;
    std::unique_ptr<pipeline::Backtest> first_, second_;
    bool recorded_ = false;
};

/// All alerts that the filter lets through, page by page.
base::Result<std::vector<store::AlertRow>> all_alerts(store::Session& session,
                                                      store::AlertFilter filter) {
    constexpr unsigned page_rows = 1'000;
    filter.limit = page_rows;
    std::vector<store::AlertRow> out;
    do {
        auto page = store::Alerts(session).list(filter);
        if (!page) return std::unexpected(page.error());
        std::ranges::move(page->rows, std::back_inserter(out));
        filter.cursor = page->next;
    } while (!filter.cursor.empty());
    return out;
}

base::Result<std::vector<Label>> load_labels(store::Session& session,
                                             const pipeline::QuietTimes& times) {
    const auto closed = all_alerts(session, {.state = "closed"});
    if (!closed) return std::unexpected(closed.error());
    std::vector<Label> out;
    for (const auto& row : *closed) {
        if (!row.triage.disposition) continue;
        out.push_back({pipeline::past_of(row.alert, times), *row.triage.disposition});
    }
    return out;
}

base::Result<std::vector<alert::Past>> load_recorded(store::Session& session,
                                                     const store::Period& period,
                                                     const pipeline::QuietTimes& times) {
    const auto rows = all_alerts(session, {.since = period.from, .until = period.to});
    if (!rows) return std::unexpected(rows.error());
    std::vector<alert::Past> out;
    for (const auto& row : *rows) out.push_back(pipeline::past_of(row.alert, times));
    return out;
}

base::Result<BacktestReport> judge(const Config& config, const Backtesting& asked) {
    auto period = period_of(asked);
    if (!period) return std::unexpected(period.error());
    auto database = OpenDatabase::open(config);
    if (!database) return std::unexpected(database.error());
    auto& session = database->session();
    auto judges = Judges::make(config, session, asked);
    if (!judges) return std::unexpected(judges.error());
    const auto times = pipeline::quiet_times(judges->policies());
    auto labels = load_labels(session, times);
    if (!labels) return std::unexpected(labels.error());
    const auto take = [&](const journal::Entry& entry) { judges->take(entry); };
    auto read = *period;
    microseconds warm_up{0};
    if (!asked.journal && read.from) {
        warm_up = std::chrono::ceil<minutes>(judges->memory());
        *read.from -= warm_up;
    }
    auto history =
        asked.journal ? read_journal(config, take) : read_kept_calls(database->url(), read, take);
    if (!history) return std::unexpected(history.error());
    history->from = period->from;
    history->to = period->to;
    history->warm_up = warm_up;
    if (asked.journal) {
        history->calls = judges->counters().calls;
        history->late = judges->counters().late;
    }
    std::vector<alert::Past> recorded;
    if (judges->recorded()) {
        auto loaded = load_recorded(session, *period, times);
        if (!loaded) return std::unexpected(loaded.error());
        recorded = std::move(*loaded);
    }
    auto [before, after] = judges->finish(*period, std::move(recorded));
    return BacktestReport(std::move(*history), std::move(before), std::move(after),
                          std::move(*labels));
}

Exit backtest(const Invocation& invocation, const Backtesting& asked) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    const auto report = judge(*config, asked);
    if (!report) return complain(report.error());
    if (*form == Form::table) {
        std::fputs(report->to_text(asked.all).c_str(), stdout);
    } else {
        std::printf("%s\n", json_text(report->to_json(asked.all)).c_str());
    }
    for (const auto& warning : report->warnings())
        std::fprintf(stderr, "callerprint: %s\n", base::log::safe(warning).c_str());
    if (report->undecided()) return Exit::warnings;
    return asked.exit_code && report->differs() ? Exit::negative : Exit::done;
}

}  // namespace

void add_policy_backtest(CLI::App& group, Invocation& invocation) {
    auto asked = std::make_shared<Backtesting>();
    auto* command = group.add_subcommand(
        "backtest", "Judge stored calls by other policies, and tell what would change");
    command
        ->add_option("--policies", asked->policies,
                     "Policy files or folders to try (default: those of the configuration)")
        ->take_all();
    command->add_option("--lists", asked->lists, "Folder of value lists for them");
    command
        ->add_option("--against", asked->against,
                     "What to compare with: current (the configuration's policies), recorded (the "
                     "alerts there are), or policy files or folders")
        ->take_all()
        ->capture_default_str();
    command->add_option("--last", asked->last, "The time before now, such as 30d");
    command->add_option("--from", asked->from, "First time counted, to the minute");
    command->add_option("--to", asked->to, "First time no more counted, to the minute");
    command->add_flag("--journal", asked->journal,
                      "Read the journal, which has every call of the last hours");
    command->add_flag("--all", asked->all, "Show alerts that do not change, too");
    command->add_flag("--exit-code", asked->exit_code, "Exit 1 when an alert changes");
    command->add_option("-o,--output", invocation.output, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
    command->footer(
        "Exit 3: some policies cannot be judged, since calls that they count were not kept.\n"
        "Examples:\n  callerprint policy backtest --policies draft/ --last 30d\n"
        "  callerprint policy backtest --against recorded --journal");
    command->callback([&invocation, asked] {
        invocation.action = [&invocation, asked] { return backtest(invocation, *asked); };
    });
}

}  // namespace app
