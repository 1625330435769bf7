#pragma once

#include "app/config.hpp"
#include "app/exit.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace app {

/// What the command line asks for: the command's action, and the options every command has.
struct Invocation {
    std::string config;            ///< --config
    std::string output = "table";  ///< -o, where a command prints rows
    std::function<Exit()> action;  ///< set by the command that was named

    /// The configuration, or its problems.
    [[nodiscard]] base::Result<Config> load() const;
};

// Each adds its commands to the tree; one file each.
void add_serve(CLI::App& app, Invocation& invocation);
void add_ingest(CLI::App& app, Invocation& invocation);
void add_replay(CLI::App& app, Invocation& invocation);
void add_explain(CLI::App& app, Invocation& invocation);
void add_policy(CLI::App& app, Invocation& invocation);
void add_registry(CLI::App& app, Invocation& invocation);
void add_alerts(CLI::App& app, Invocation& invocation);
void add_ask(CLI::App& app, Invocation& invocation);
void add_sql(CLI::App& app, Invocation& invocation);
void add_audit(CLI::App& app, Invocation& invocation);
void add_token(CLI::App& app, Invocation& invocation);
void add_webhook(CLI::App& app, Invocation& invocation);
void add_erase(CLI::App& app, Invocation& invocation);
void add_generate(CLI::App& app, Invocation& invocation);
void add_coverage(CLI::App& app, Invocation& invocation);
void add_check(CLI::App& app, Invocation& invocation);

// Of the group `policy`, called by add_policy.
void add_policy_backtest(CLI::App& group, Invocation& invocation);
void add_policy_promotion(CLI::App& group, Invocation& invocation);

/// Adds `-o table|json|ndjson|csv`.
void add_output(CLI::App& command, Invocation& invocation);

/// Parses, runs, and gives the process's exit code. Never throws.
int run(int argc, char** argv);

}  // namespace app
