#include "app/command_policy.hpp"
#include "app/offline.hpp"
#include "app/output.hpp"
#include "app/reference_files.hpp"
#include "base/log.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdio>

namespace app {
namespace {

struct Checking {
    PolicyPlaces places;
    bool warnings_fatal = false;
};

/// What loading came to: all problems, and of a set that loads its size.
struct Checked {
    std::vector<policy::Problem> problems;  ///< Warnings too.
    bool only_absent = false;               ///< All that is wrong is paths that lead nowhere.
    std::size_t rules = 0;
    std::size_t correlations = 0;

    [[nodiscard]] std::size_t warnings() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(problems, [](const auto& each) { return each.warning; }));
    }
    [[nodiscard]] std::size_t errors() const { return problems.size() - warnings(); }
};

Checked check_set(const PolicyFiles& files, const policy::Lists& lists) {
    Checked out;
    for (const auto& [name, error] : files.faults) {
        std::string_view reason = error.reason;
        if (reason.starts_with(name + ": ")) reason.remove_prefix(name.size() + 2);
        out.problems.push_back({name, 0, 0, false, std::string(reason)});
    }
    out.only_absent = std::ranges::all_of(files.faults, [](const FileFault& fault) {
        return fault.error.fault == base::Fault::not_found;
    });
    const auto set = policy::Set::load(files.files, lists);
    const auto found = set ? (*set)->warnings() : std::span<const policy::Problem>(set.error());
    out.problems.insert(out.problems.end(), found.begin(), found.end());
    if (!set) {
        out.only_absent = false;
        return out;
    }
    for (const auto& policy : (*set)->policies())
        ++(policy.kind == policy::Policy::Kind::rule ? out.rules : out.correlations);
    return out;
}

void print_json(const Checked& checked) {
    boost::json::array problems;
    for (const auto& problem : checked.problems) {
        const auto advice = policy::advice_of(problem);
        const auto place = [](unsigned number) {
            return number == 0 ? boost::json::value(nullptr) : boost::json::value(number);
        };
        problems.push_back({{"file", problem.file},
                            {"line", place(problem.line)},
                            {"column", place(problem.column)},
                            {"severity", problem.warning ? "warning" : "error"},
                            {"message", advice.message},
                            {"hint", advice.hint.empty() ? boost::json::value(nullptr)
                                                         : boost::json::value(advice.hint)}});
    }
    const boost::json::object out{{"policies", checked.rules + checked.correlations},
                                  {"rules", checked.rules},
                                  {"correlations", checked.correlations},
                                  {"errors", checked.errors()},
                                  {"warnings", checked.warnings()},
                                  {"problems", std::move(problems)}};
    std::printf("%s\n", json_text(out).c_str());
}

void print_text(const Checked& checked) {
    for (const auto& problem : checked.problems)
        std::fprintf(stderr, "%s\n", base::log::safe(to_text(problem)).c_str());
    if (checked.errors() > 0) {
        std::fprintf(stderr, "callerprint: %zu errors, %zu warnings\n", checked.errors(),
                     checked.warnings());
        return;
    }
    std::printf("%zu policies: %zu rules, %zu correlations, %zu warnings\n",
                checked.rules + checked.correlations, checked.rules, checked.correlations,
                checked.warnings());
}

Exit check(const Invocation& invocation, const Checking& checking) {
    const auto places = resolve(invocation, checking.places);
    if (!places) return complain(places.error());
    const auto lists = load_lists(places->lists);
    if (!lists) return complain(lists.error());
    const auto files = read_policies({places->paths.begin(), places->paths.end()});
    const auto checked = check_set(files, *lists);
    if (invocation.output == "json")
        print_json(checked);
    else
        print_text(checked);
    if (checked.errors() > 0) return checked.only_absent ? Exit::not_found : Exit::usage;
    return checking.warnings_fatal && checked.warnings() > 0 ? Exit::warnings : Exit::done;
}

}  // namespace

void add_policy_check(CLI::App& group, Invocation& invocation) {
    auto checking = std::make_shared<Checking>();
    auto* command = group.add_subcommand("check", "Load policies and report every problem at once");
    add_policy_places(*command, checking->places);
    command->add_flag("--warnings-fatal", checking->warnings_fatal,
                      "Exit 3 when there are warnings");
    add_object_output(*command, invocation);
    command->footer(
        "Examples:\n  callerprint policy check\n  callerprint policy check my-rule.yaml --lists "
        "config/lists\n  callerprint policy check rules/ -o json");
    command->callback([&invocation, checking] {
        invocation.action = [&invocation, checking] { return check(invocation, *checking); };
    });
}

}  // namespace app
