#include "app/command.hpp"

#include "app/output.hpp"
#include "base/log.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace app {
namespace {

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (!value) return {};
    return value;
}

void add_all(CLI::App& app, Invocation& invocation) {
    add_serve(app, invocation);
    add_ingest(app, invocation);
    add_replay(app, invocation);
    add_explain(app, invocation);
    add_policy(app, invocation);
    add_registry(app, invocation);
    add_alerts(app, invocation);
    add_ask(app, invocation);
    add_coverage(app, invocation);
    add_sql(app, invocation);
    add_audit(app, invocation);
    add_token(app, invocation);
    add_webhook(app, invocation);
    add_erase(app, invocation);
    add_generate(app, invocation);
    add_check(app, invocation);
}

}  // namespace

base::Result<Config> Invocation::load() const {
    return load_config(config_path(config), environment);
}

void add_output(CLI::App& command, Invocation& invocation) {
    command.add_option("-o,--output", invocation.output, "table, json, ndjson or csv")
        ->check(CLI::IsMember({"table", "json", "ndjson", "csv"}));
}

int run(int argc, char** argv) {
    try {
        Invocation invocation;
        base::log::set_level(
            base::log::Level::warn);  // commands speak in words; serve sets its own
        CLI::App app{"Callerprint: who is really behind an API key, and may they be?",
                     "callerprint"};
        app.require_subcommand(1);
        app.fallthrough();
        app.add_option("-c,--config", invocation.config, "Configuration file");
        app.footer(
            "Exit codes: 0 done, 1 the answer is no, 2 usage or configuration, 3 warnings only "
            "with\n"
            "--warnings-fatal, 4 not allowed, 5 not found, 6 server or database away, 130 "
            "interrupted.");
        add_all(app, invocation);
        try {
            app.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
        }
        return static_cast<int>(invocation.action());
    } catch (const std::exception& error) {
        // Libraries may throw where we did not expect it: say so instead of dying without a word.
        std::fprintf(stderr, "callerprint: unexpected fault: %s\n", error.what());
        return static_cast<int>(Exit::unreachable);
    }
}

}  // namespace app
