#include "api/alerts.hpp"
#include "app/command.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "base/log.hpp"
#include "store/alerts.hpp"

#include <cstdio>

namespace app {
namespace {

struct Triaging {
    store::AlertFilter filter;
    std::string id;
    std::string disposition;
    std::string sub_reason;
    std::string comment;
};

Table table_of(const std::vector<store::AlertRow>& rows) {
    Table table{
        {"id", "level", "state", "policy", "subject", "count", "opened", "last_seen", "summary"},
        {}};
    for (const auto& row : rows) {
        const auto& alert = row.alert;
        table.rows.push_back(
            {boost::json::value(alert.id), boost::json::value(alert.level),
             boost::json::value(alert::name(row.triage.phase)),
             boost::json::value(alert.policy_name.empty() ? alert.policy_title : alert.policy_name),
             boost::json::value(alert.subject.kind + " " + alert.subject.value), alert.count,
             boost::json::value(base::to_rfc3339(alert.opened)),
             boost::json::value(base::to_rfc3339(alert.last_seen)),
             boost::json::value(alert.summary)});
    }
    return table;
}

Exit list(const Invocation& invocation, const Triaging& triaging) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto page = store::Alerts(database->session()).list(triaging.filter);
    if (!page) return complain(page.error());
    if (*form == Form::table || *form == Form::csv) {
        std::fputs(print(table_of(page->rows), *form).c_str(), stdout);
    } else {
        boost::json::array rows;
        for (const auto& row : page->rows) rows.push_back(api::to_json(row));
        if (*form == Form::json) std::printf("%s\n", json_text(rows).c_str());
        for (const auto& row : rows) {
            if (*form == Form::ndjson) std::printf("%s\n", json_text(row).c_str());
        }
    }
    if (!page->next.empty()) std::fprintf(stderr, "more: --cursor %s\n", page->next.c_str());
    return Exit::done;
}

std::string text_at(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? base::log::safe(std::string_view(*text)) : "";
}

/// What the rules compared. Alerts of before that was kept have no such member.
void print_conditions(const boost::json::object& evidence) {
    const auto* conditions = evidence.if_contains("conditions");
    const auto* rules = conditions ? conditions->if_array() : nullptr;
    if (!rules || rules->empty()) return;
    std::printf("\nConditions\n");
    for (const auto& each : *rules) {
        const auto* rule = each.if_object();
        if (!rule) continue;
        std::printf("  %s: %s\n", text_at(*rule, "title").c_str(),
                    text_at(*rule, "condition").c_str());
        const auto* comparisons = rule->if_contains("comparisons");
        if (!comparisons || !comparisons->is_array()) continue;
        for (const auto& one : comparisons->get_array()) {
            const auto* found = one.if_object();
            if (!found) continue;
            const auto* held = found->if_contains("held");
            const bool holds = held && held->is_bool() && held->get_bool();
            std::printf("    %s %s: %s %s %s: %s, it is %s\n", holds ? "+" : "-",
                        text_at(*found, "selection").c_str(), text_at(*found, "field").c_str(),
                        text_at(*found, "op").c_str(), text_at(*found, "expected").c_str(),
                        holds ? "holds" : "fails", text_at(*found, "actual").c_str());
        }
    }
}

void print_text(const store::AlertDetail& detail) {
    const auto line = [](const char* name, const std::string& value) {
        if (!value.empty()) std::printf("%-12s %s\n", name, base::log::safe(value).c_str());
    };
    const auto& alert = detail.row.alert;
    std::printf("%s\n\n", base::log::safe(alert.summary).c_str());
    line("id", alert.id);
    line("policy", alert.policy_title + " (" + alert.policy_key + ")");
    line("level", alert.level);
    line("clause", alert.clause);
    line("subject", alert.subject.kind + " " + alert.subject.value);
    line("tenant", alert.tenant);
    const auto& triage = detail.row.triage;
    line("state", std::string(alert::name(triage.phase)) +
                      (triage.disposition ? ", " + std::string(alert::name(*triage.disposition)) +
                                                "/" + triage.sub_reason
                                          : ""));
    line("opened", base::to_rfc3339(alert.opened));
    line("last seen", base::to_rfc3339(alert.last_seen));
    line("count", std::to_string(alert.count));
    line("told", alert.shadow ? "nobody: the policy is not stable yet" : "");
    for (const auto& benign : alert.benign) line("benign if", benign);
    print_conditions(alert.evidence);
    std::printf("\nEvidence: %zu records\n", detail.evidence.size());
    for (const auto& row : detail.evidence) {
        std::printf("  block %llu record %u  sha256 %s\n    %s\n",
                    static_cast<unsigned long long>(row.evidence.block), row.evidence.record,
                    row.evidence.sha256.c_str(),
                    base::log::safe(row.evidence.raw.substr(0, 400)).c_str());
    }
    std::printf("\nHistory\n");
    for (const auto& event : detail.events) {
        std::printf("  %s  %s  %s  %s\n", base::to_rfc3339(event.at).c_str(),
                    base::log::safe(event.actor).c_str(), event.action.c_str(),
                    base::log::safe(event.detail).c_str());
    }
    for (const auto& sent : detail.deliveries) {
        std::printf("  webhook %s to %s: %s after %u attempts\n", sent.event.c_str(),
                    sent.endpoint.c_str(), sent.state.c_str(), sent.attempts);
    }
}

Exit show(const Invocation& invocation, const Triaging& triaging) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto detail = store::Alerts(database->session()).show(triaging.id);
    if (!detail) return complain(detail.error());
    if (invocation.output == "table") {
        print_text(*detail);
    } else {
        std::printf("%s\n", json_text(api::to_json(*detail)).c_str());
    }
    return Exit::done;
}

Exit close(const Invocation& invocation, const Triaging& triaging) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto disposition = alert::disposition_of(triaging.disposition);
    if (!disposition) {
        return complain(
            {base::Fault::invalid,
             "--as takes true-positive, benign-positive, false-positive or undetermined"});
    }
    const auto row = store::Alerts(database->session())
                         .act(triaging.id,
                              {.kind = alert::Action::Kind::close,
                               .actor = actor(),
                               .assignee = {},
                               .until = {},
                               .disposition = disposition,
                               .sub_reason = triaging.sub_reason,
                               .comment = triaging.comment},
                              base::WallClock::now());
    if (!row) return complain(row.error());
    std::printf("%s closed as %s\n", row->alert.id.c_str(), triaging.disposition.c_str());
    return Exit::done;
}

}  // namespace

void add_alerts(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("alerts", "What people are told");
    group->require_subcommand(1);
    auto triaging = std::make_shared<Triaging>();

    auto* lists = group->add_subcommand("list", "Alerts, newest first");
    lists->add_option("--state", triaging->filter.state, "open, acknowledged or closed");
    lists->add_option("--policy", triaging->filter.policy, "Policy id or name");
    lists->add_option("--level", triaging->filter.level,
                      "informational, low, medium, high or critical");
    lists->add_option("--tenant", triaging->filter.tenant, "Tenant");
    lists->add_option("--limit", triaging->filter.limit, "At most so many, 1 to 1000")
        ->check(CLI::Range(1, 1000));
    lists->add_option("--cursor", triaging->filter.cursor, "Where the page before ended");
    add_output(*lists, invocation);
    lists->footer(
        "Examples:\n  callerprint alerts list --state open\n  callerprint alerts list --level high "
        "-o json");
    lists->callback([&invocation, triaging] {
        invocation.action = [&invocation, triaging] { return list(invocation, *triaging); };
    });

    auto* shows = group->add_subcommand("show", "One alert: why, evidence, history");
    shows->add_option("id", triaging->id, "Id, or its first characters")->required();
    add_output(*shows, invocation);
    shows->footer("Example:\n  callerprint alerts show 4n7c");
    shows->callback([&invocation, triaging] {
        invocation.action = [&invocation, triaging] { return show(invocation, *triaging); };
    });

    auto* closes = group->add_subcommand("close", "Close an alert with its disposition");
    closes->add_option("id", triaging->id, "Id, or its first characters")->required();
    closes
        ->add_option("--as", triaging->disposition,
                     "true-positive, benign-positive, false-positive or undetermined")
        ->required();
    closes
        ->add_option("--reason", triaging->sub_reason,
                     "Sub-reason, such as stolen-key or load-test")
        ->required();
    closes->add_option("--comment", triaging->comment, "Kept in the history");
    closes->footer(
        "Example:\n  callerprint alerts close 4n7c --as true-positive --reason shared-key");
    closes->callback([&invocation, triaging] {
        invocation.action = [&invocation, triaging] { return close(invocation, *triaging); };
    });
}

}  // namespace app
