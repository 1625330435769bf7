#include "app/command.hpp"
#include "app/doorbell.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "ingest/tokens.hpp"
#include "store/tokens.hpp"

#include <algorithm>
#include <cstdio>

namespace app {
namespace {

struct Handling {
    std::string name;
    std::string scopes = "ingest";
    std::vector<std::string> sources;
    std::string id;
};

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        out.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return out;
}

Exit create(const Invocation& invocation, const Handling& handling) {
    if (!ingest::parse_scopes(handling.scopes)) {
        return complain({base::Fault::invalid,
                         "--scopes takes a list of ingest, read, respond, ask, erase, admin"});
    }
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    for (const auto& source : handling.sources) {
        if (!config->source(source)) {
            return complain(
                {base::Fault::not_found,
                 "no source " + source + " in the configuration; add it to sources first"});
        }
    }
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto secrets = Secrets::open(config->data_dir);
    if (!secrets) return complain(secrets.error());
    const auto token = ingest::new_token(secrets->key("tokens"));
    store::Token row;
    row.id = token.id;
    row.name = handling.name.empty() ? token.id : handling.name;
    row.scopes = split(handling.scopes);
    row.sources = handling.sources;
    row.mac.assign(reinterpret_cast<const char*>(token.digest.data()), token.digest.size());
    row.created = base::WallClock::now();
    if (auto added = store::Tokens(database->session()).add(row, actor()); !added)
        return complain(added.error());
    std::printf("%s\n", token.text.c_str());
    std::fprintf(stderr, "shown once; %s\n",
                 ring(config->data_dir) ? "the server takes it from now on"
                                        : "a running server takes it within a second");
    return Exit::done;
}

Exit list(const Invocation& invocation) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto tokens = store::Tokens(database->session()).list();
    if (!tokens) return complain(tokens.error());
    Table table{{"id", "name", "scopes", "sources", "created", "revoked", "last_used"}, {}};
    const auto joined = [](const std::vector<std::string>& parts) {
        std::string out;
        for (const auto& part : parts) out += (out.empty() ? "" : ",") + part;
        return boost::json::value(out);
    };
    const auto time = [](const std::optional<base::WallTime>& at) {
        return at ? boost::json::value(base::to_rfc3339(*at)) : boost::json::value(nullptr);
    };
    for (const auto& token : *tokens) {
        table.rows.push_back({boost::json::value(token.id), boost::json::value(token.name),
                              joined(token.scopes), joined(token.sources),
                              boost::json::value(base::to_rfc3339(token.created)),
                              time(token.revoked), time(token.last_used)});
    }
    std::fputs(print(table, *form).c_str(), stdout);
    return Exit::done;
}

Exit revoke(const Invocation& invocation, const Handling& handling) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    if (auto done = store::Tokens(database->session()).revoke(handling.id, actor()); !done)
        return complain(done.error());
    std::printf("%s revoked\n", handling.id.c_str());
    if (!ring(config->data_dir))
        std::fprintf(stderr, "a running server refuses it within a second\n");
    return Exit::done;
}

}  // namespace

void add_token(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand("token", "Bearer tokens of senders and readers");
    group->require_subcommand(1);
    auto handling = std::make_shared<Handling>();

    auto* creates = group->add_subcommand("create", "Make a token and print it once");
    creates->add_option("--name", handling->name, "For people");
    creates->add_option("--scopes", handling->scopes,
                        "Of ingest, read, respond, ask, erase, admin; separated by commas");
    creates->add_option("--source", handling->sources, "Sources it may send to (default: all)");
    creates->footer(
        "Examples:\n  callerprint token create --name gateway --source gateway\n"
        "  callerprint token create --name dashboard --scopes read,respond");
    creates->callback([&invocation, handling] {
        invocation.action = [&invocation, handling] { return create(invocation, *handling); };
    });

    auto* lists = group->add_subcommand("list", "All tokens, never their secrets");
    add_output(*lists, invocation);
    lists->footer("Example:\n  callerprint token list -o json");
    lists->callback(
        [&invocation] { invocation.action = [&invocation] { return list(invocation); }; });

    auto* revokes = group->add_subcommand("revoke", "End a token");
    revokes->add_option("id", handling->id, "Its id, the 10 characters behind cp_")->required();
    revokes->footer("Example:\n  callerprint token revoke 5ltnni3t3l");
    revokes->callback([&invocation, handling] {
        invocation.action = [&invocation, handling] { return revoke(invocation, *handling); };
    });
}

}  // namespace app
