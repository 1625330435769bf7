#include "app/audit_watch.hpp"
#include "app/command.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "store/audit.hpp"

#include <boost/json/object.hpp>

#include <cstdio>

namespace app {
namespace {

struct Verifying {
    std::vector<std::string> anchors;
    bool json = false;
};

void print_json(const store::AuditFindings& found,
                const std::optional<coverage::AuditAnchor>& kept) {
    boost::json::object out{{"intact", !found.fault},
                            {"entries", found.entries},
                            {"before_the_chain", found.plain},
                            {"erased", found.erased},
                            {"last", coverage::to_text(found.last)},
                            {"anchor", nullptr},
                            {"fault", nullptr}};
    if (kept) out["anchor"] = coverage::to_text(*kept);
    if (found.fault)
        out["fault"] = boost::json::object{{"entry", found.fault->n}, {"what", found.fault->what}};
    std::printf("%s\n", json_text(out).c_str());
}

void print_text(const store::AuditFindings& found,
                const std::optional<coverage::AuditAnchor>& kept) {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%llu entries, %llu of them older than the chain; last %s\n", number(found.entries),
                number(found.plain), coverage::to_text(found.last).c_str());
    if (found.erased > 0)
        std::printf("%llu of them changed by an erasure, under the key\n", number(found.erased));
    if (kept)
        std::printf("anchored at %llu\n", static_cast<unsigned long long>(kept->n));
    else
        std::printf("not anchored yet: a tail that was cut off would not show\n");
    if (found.fault)
        std::printf("entry %llu %s\n", static_cast<unsigned long long>(found.fault->n),
                    found.fault->what.c_str());
}

Exit verify(const Invocation& invocation, const Verifying& verifying) {
    std::vector<coverage::AuditAnchor> anchors;
    for (const auto& text : verifying.anchors) {
        const auto anchor = coverage::parse_anchor(text);
        if (!anchor) return complain(anchor.error());
        anchors.push_back(*anchor);
    }
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto secrets = Secrets::open(config->data_dir);
    if (!secrets) return complain(secrets.error());
    const auto kept = read_anchor(config->data_dir, secrets->key("audit"));
    if (!kept) return complain(kept.error());
    if (*kept) anchors.push_back(**kept);
    const auto found = store::walk_audit(database->session(), {}, std::move(anchors));
    if (!found) return complain(found.error());
    verifying.json ? print_json(*found, *kept) : print_text(*found, *kept);
    return found->fault ? Exit::negative : Exit::done;
}

}  // namespace

void add_audit(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("audit", "What people changed, as a chain");
    group->require_subcommand(1);
    auto verifying = std::make_shared<Verifying>();
    auto* verifies = group->add_subcommand("verify", "Check that no entry was changed or removed");
    verifies->add_option("--anchor", verifying->anchors,
                         "N:MAC that the chain must pass through, from a log kept elsewhere");
    verifies->add_flag("--json", verifying->json, "Print one JSON object");
    verifies->footer(
        "Names the first bad entry; then the exit code is 1.\nExample:\n  callerprint audit verify "
        "--json");
    verifies->callback([&invocation, verifying] {
        invocation.action = [&invocation, verifying] { return verify(invocation, *verifying); };
    });
}

}  // namespace app
