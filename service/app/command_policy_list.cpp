#include "alert/summary.hpp"
#include "app/command_policy.hpp"
#include "app/files.hpp"
#include "app/offline.hpp"
#include "app/output.hpp"
#include "base/log.hpp"
#include "policy/source.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace app {
namespace {

struct Showing {
    PolicyPlaces places;
    std::string wanted;
};

boost::json::value text_or_null(std::string_view text) {
    return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

boost::json::object describe(const policy::Set& set, policy::PolicyIndex index) {
    const auto& policy = set.policies()[index];
    return {{"name", text_or_null(policy.name)},
            {"kind", alert::detection_of(set, index)},
            {"status", text_or_null(policy.status)},
            {"shadow", alert::is_shadow(policy)},
            {"level", text_or_null(policy.level)},
            {"family", text_or_null(policy.callerprint.family)},
            {"subject", text_or_null(policy::name(policy.callerprint.subject))},
            {"tests", policy.tests.size()},
            {"file", policy.file},
            {"line", policy.line},
            {"id", text_or_null(policy.id)},
            {"digest", policy.digest}};
}

/// What fits on a screen; the other forms give all.
Table brief(const policy::Set& set) {
    Table out{{"name", "kind", "status", "told", "level", "family", "subject", "place"}, {}};
    for (policy::PolicyIndex i = 0; i < set.policies().size(); ++i) {
        const auto& policy = set.policies()[i];
        const char* told = !policy.generate           ? "no, counted only"
                           : alert::is_shadow(policy) ? "no, shadow"
                                                      : "yes";
        out.rows.push_back({boost::json::value(short_name(policy)),
                            boost::json::value(alert::detection_of(set, i)),
                            boost::json::value(policy.status), boost::json::value(told),
                            boost::json::value(policy.level),
                            boost::json::value(policy.callerprint.family),
                            boost::json::value(policy::name(policy.callerprint.subject)),
                            boost::json::value(policy.file + ":" + std::to_string(policy.line))});
    }
    return out;
}

Table full(const policy::Set& set) {
    Table out;
    for (policy::PolicyIndex i = 0; i < set.policies().size(); ++i) {
        const auto object = describe(set, i);
        auto& row = out.rows.emplace_back();
        for (const auto& [key, value] : object) {
            if (i == 0) out.columns.emplace_back(key);
            row.push_back(value);
        }
    }
    return out;
}

Exit list(const Invocation& invocation, const PolicyPlaces& places) {
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    const auto set = load_offline(invocation, places);
    if (!set) return complain(set.error());
    std::fputs(print(*form == Form::table ? brief(**set) : full(**set), *form).c_str(), stdout);
    return Exit::done;
}

boost::json::object detail_of(const policy::Set& set, policy::PolicyIndex index,
                              std::string_view text) {
    const auto& policy = set.policies()[index];
    boost::json::array used_by;
    for (const auto correlation : set.correlations()) {
        if (std::ranges::find(set.correlation(correlation)->rules, index) !=
            set.correlation(correlation)->rules.end())
            used_by.emplace_back(short_name(set.policies()[correlation]));
    }
    boost::json::object out{{"title", policy.title}};
    for (auto& [key, value] : describe(set, index)) out[key] = value;
    out["clause"] = text_or_null(policy.callerprint.clause);
    out["generate"] = policy.generate;
    out["used_by"] = std::move(used_by);
    out["text"] = text;
    return out;
}

void print_text(const boost::json::object& detail) {
    for (const auto& [key, value] : detail) {
        if (value.is_null() || key == "title" || key == "text") continue;
        const auto* text = value.if_string();
        std::printf(
            "%-9s %s\n", std::string(key).c_str(),
            base::log::safe(text ? std::string(*text) : boost::json::serialize(value)).c_str());
    }
    std::printf("\n");
    std::string_view rest = detail.at("text").as_string();
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        std::printf("%s\n", base::log::safe(rest.substr(0, end)).c_str());
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
}

Exit show(const Invocation& invocation, const Showing& showing) {
    const auto set = load_offline(invocation, showing.places);
    if (!set) return complain(set.error());
    const auto* policy = (*set)->find(showing.wanted);
    if (!policy) {
        return complain({base::Fault::not_found, "no policy has the id or name '" + showing.wanted +
                                                     "'; `callerprint policy list` shows those "
                                                     "there are"});
    }
    const auto file = read_file(policy->file, policy::most_file_bytes);
    if (!file) return complain(file.error());
    const auto detail =
        detail_of(**set, static_cast<policy::PolicyIndex>(policy - (*set)->policies().data()),
                  policy::document_text(*file, policy->line));
    if (invocation.output == "json")
        std::printf("%s\n", json_text(detail).c_str());
    else
        print_text(detail);
    return Exit::done;
}

}  // namespace

void add_policy_list(CLI::App& group, Invocation& invocation) {
    auto places = std::make_shared<PolicyPlaces>();
    auto* command = group.add_subcommand("list", "The policies of the files, and who they tell");
    add_policy_places(*command, *places);
    add_output(*command, invocation);
    command->footer(
        "Examples:\n  callerprint policy list\n  callerprint policy list config/policies --lists "
        "config/lists -o csv");
    command->callback([&invocation, places] {
        invocation.action = [&invocation, places] { return list(invocation, *places); };
    });
}

void add_policy_show(CLI::App& group, Invocation& invocation) {
    auto showing = std::make_shared<Showing>();
    auto* command = group.add_subcommand("show", "One policy of the files, with its text");
    command->add_option("policy", showing->wanted, "Its id or name")->required();
    command->add_option("--policies", showing->places.paths,
                        "Policy files or folders (default: those of the configuration)");
    command->add_option("--lists", showing->places.lists, "Folder of value lists for expand");
    add_object_output(*command, invocation);
    command->footer(
        "Examples:\n  callerprint policy show shared_key\n  callerprint policy show shared_key "
        "--policies config/policies --lists config/lists -o json");
    command->callback([&invocation, showing] {
        invocation.action = [&invocation, showing] { return show(invocation, *showing); };
    });
}

}  // namespace app
