#include "alert/explain.hpp"
#include "app/command.hpp"
#include "app/explain_text.hpp"
#include "app/feeder.hpp"
#include "app/offline.hpp"
#include "app/output.hpp"
#include "base/log.hpp"
#include "pipeline/preparer.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdio>
#include <set>

namespace app {
namespace {

struct Explaining {
    PolicyPlaces places;
    OfflineOptions input;
    std::vector<std::string> chosen;
    std::vector<std::uint64_t> lines;
    bool all = false;
};

/// Explains record after record, in the order of the input.
class Explainer {
public:
    static base::Result<Explainer> make(const Explaining& options, const Offline& offline,
                                        Form form) {
        std::vector<policy::PolicyIndex> chosen;
        const auto& set = *offline.reference->policies;
        for (const auto& wanted : options.chosen) {
            const auto* found = set.find(wanted);
            if (!found) {
                return base::fail(base::Fault::not_found,
                                  "no policy has the id or name '" + wanted +
                                      "'; `callerprint policy list` shows those there are");
            }
            chosen.push_back(static_cast<policy::PolicyIndex>(found - set.policies().data()));
        }
        auto preparer = pipeline::Preparer::make(offline.reference, {.ungated = true});
        if (!preparer) return std::unexpected(preparer.error());
        return Explainer(std::move(*preparer), std::move(chosen), options, form);
    }

    base::Result<void> run(const Offline& offline, const std::vector<std::string>& files) {
        Feeder feeder(
            *offline.formats, *offline.format,
            [&](const decode::Format& format, std::string_view lines, std::uint32_t first) {
                give(format, lines, first);
            },
            [&](std::uint32_t line, std::string_view reason) { refuse(line, reason); });
        if (form_ == Form::json) std::fputs("[", stdout);
        for (const auto& file : files) {
            file_ = file == "-" ? "(standard input)" : file;
            if (auto fed = feeder.feed(file); !fed) return fed;
        }
        if (form_ == Form::json) std::fputs(shown_ == 0 ? "]\n" : "\n]\n", stdout);
        return {};
    }

    /// The first of the lines asked for that no file has, or 0.
    [[nodiscard]] std::uint64_t missing_line() const {
        for (const auto line : options_.lines)
            if (!seen_.contains(line)) return line;
        return 0;
    }
    [[nodiscard]] bool refused() const { return refused_; }

private:
    Explainer(pipeline::Preparer preparer, std::vector<policy::PolicyIndex> chosen,
              const Explaining& options, Form form)
        : preparer_(std::move(preparer)),
          chosen_(std::move(chosen)),
          options_(options),
          form_(form) {}

    [[nodiscard]] bool wanted(std::uint64_t line) const {
        return options_.lines.empty() ||
               std::ranges::find(options_.lines, line) != options_.lines.end();
    }

    void refuse(std::uint64_t line, std::string_view reason) {
        if (line != 0 && !wanted(line)) return;
        seen_.insert(line);
        refused_ = true;
        std::fprintf(stderr, "%s:%llu: %s\n", base::log::safe(file_).c_str(),
                     static_cast<unsigned long long>(line), base::log::safe(reason).c_str());
    }

    void give(const decode::Format& format, std::string_view lines, std::uint32_t first) {
        rejects_.clear();
        const auto& batch = preparer_.prepare(format, lines, first, history_arrival, rejects_);
        for (const auto& reject : rejects_) refuse(reject.line, name(reject.code));
        for (std::size_t i = 0; i < batch.size(); ++i)
            if (wanted(batch[i].header().record + std::uint64_t{1})) explain(format, batch[i]);
    }

    /// The rules that hold and the correlations that count them, unless policies were chosen.
    std::vector<policy::PolicyIndex> policies_for(const call::Call& call) {
        if (!chosen_.empty()) return chosen_;
        const auto& set = *preparer_.reference().policies;
        std::vector<policy::PolicyIndex> out;
        if (options_.all) {
            for (policy::PolicyIndex i = 0; i < set.policies().size(); ++i) out.push_back(i);
            return out;
        }
        std::set<policy::PolicyIndex> held;
        for (const auto rule : preparer_.match(call)) held.insert(rule);
        for (const auto correlation : set.correlations()) {  // behind those they refer to
            const auto& rules = set.correlation(correlation)->rules;
            if (std::ranges::any_of(rules, [&](auto rule) { return held.contains(rule); }))
                held.insert(correlation);
        }
        return {held.begin(), held.end()};
    }

    void explain(const decode::Format& format, const call::Call& call) {
        const auto& set = *preparer_.reference().policies;
        const auto& source = format.log_source();
        const std::uint64_t line = call.header().record + std::uint64_t{1};
        seen_.insert(line);
        std::vector<correlate::Explained> explained;
        for (const auto policy : policies_for(call))
            explained.push_back(correlate::explain(
                set, policy, call, {source.product, source.service, source.category}));
        if (form_ == Form::table)
            print_text(format, call, line, explained);
        else
            print_json(format, call, line, explained);
        ++shown_;
    }

    void print_text(const decode::Format& format, const call::Call& call, std::uint64_t line,
                    const std::vector<correlate::Explained>& explained) {
        std::string out = shown_ == 0 ? "" : "\n";
        out += base::log::safe(file_) + ":" + std::to_string(line) + "  " +
               base::to_rfc3339(call.time()) + "  format " + format.name() + "\n";
        out += explain_text(*preparer_.reference().policies, explained);
        if (explained.empty()) out += "  - no policy matches; --all shows why not\n";
        std::fputs(out.c_str(), stdout);
    }

    void print_json(const decode::Format& format, const call::Call& call, std::uint64_t line,
                    const std::vector<correlate::Explained>& explained) {
        boost::json::array policies;
        for (const auto& each : explained)
            policies.push_back(alert::to_json(*preparer_.reference().policies, each));
        const boost::json::object object{{"file", file_},
                                         {"line", line},
                                         {"format", format.name()},
                                         {"time", base::to_rfc3339(call.time())},
                                         {"policies", std::move(policies)}};
        if (form_ == Form::json) std::fputs(shown_ == 0 ? "\n" : ",\n", stdout);
        std::fputs(json_text(object).c_str(), stdout);
        if (form_ == Form::ndjson) std::fputs("\n", stdout);
    }

    pipeline::Preparer preparer_;
    std::vector<policy::PolicyIndex> chosen_;
    const Explaining& options_;
    Form form_;
    std::string file_;
    std::set<std::uint64_t> seen_;
    std::vector<decode::Reject> rejects_;
    std::uint64_t shown_ = 0;
    bool refused_ = false;
};

Exit explain(const Invocation& invocation, const Explaining& options) {
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    const auto set = load_offline(invocation, options.places);
    if (!set) return complain(set.error());
    const auto offline = open_offline(options.input, *set);
    if (!offline) return complain(offline.error());
    auto explainer = Explainer::make(options, *offline, *form);
    if (!explainer) return complain(explainer.error());
    if (auto done = explainer->run(*offline, options.input.files); !done)
        return complain(done.error());
    if (const auto line = explainer->missing_line(); line != 0)
        return complain({base::Fault::not_found, "there is no line " + std::to_string(line)});
    return explainer->refused() ? Exit::negative : Exit::done;
}

}  // namespace

void add_explain(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Explaining>();
    auto* command = app.add_subcommand(
        "explain", "Why policies match records of files, or do not; needs no database");
    command
        ->add_option("--policies", options->places.paths,
                     "Policy files or folders (default: those of the configuration)")
        ->take_all();
    command->add_option("--lists", options->places.lists, "Folder of value lists for expand");
    command
        ->add_option("--policy", options->chosen,
                     "Only the policy of this id or name, matched or not; may be repeated")
        ->allow_extra_args(false);
    command->add_flag("--all", options->all, "Policies that do not match, too");
    command
        ->add_option("--line", options->lines,
                     "Only this record of each file, from 1; may be repeated")
        ->allow_extra_args(false)
        ->check(CLI::PositiveNumber);
    add_offline_options(*command, options->input);
    command->add_option("-o,--output", invocation.output, "table, json or ndjson")
        ->check(CLI::IsMember({"table", "json", "ndjson"}));
    command->footer(
        "Exits 1 when a record cannot be read, 5 when there is no such policy or line.\n"
        "Examples:\n"
        "  callerprint explain calls.ndjson --policies config/policies --lists config/lists\n"
        "  callerprint explain calls.ndjson --line 7 --policy gated_operation_unlicensed\n"
        "  zcat trail.json.gz | callerprint explain - --policies rules/ -o json");
    command->callback([&invocation, options] {
        invocation.action = [&invocation, options] { return explain(invocation, *options); };
    });
}

}  // namespace app
