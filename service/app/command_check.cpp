#include "app/answering.hpp"
#include "app/command.hpp"
#include "app/reference_files.hpp"
#include "app/version.hpp"
#include "http/client.hpp"
#include "http/tls.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>

namespace app {
namespace {

Exit check(const Invocation& invocation) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto formats = load_formats(config->formats);
    if (!formats) return complain(formats.error());
    for (const auto& source : config->sources) {
        if (!(*formats)->find(source.format)) {
            return complain({base::Fault::invalid, "source " + source.name + ": no format " +
                                                       source.format + " in " +
                                                       config->formats.string()});
        }
    }
    const auto lists = load_lists(config->lists);
    if (!lists) return complain(lists.error());
    const auto policies = load_policies(config->policies, *lists);
    if (!policies) return complain(policies.error());
    const auto tables = load_tables(config->tables);
    if (!tables) return complain(tables.error());
    if (const auto keys = load_reporter_keys(*config); !keys) return complain(keys.error());
    if (config->tls) {
        if (auto checked = http::check_tls(*config->tls); !checked)
            return complain(checked.error());
    }
    std::printf(
        "%s: well; %zu sources, %zu formats, %zu policies, %zu lists, %zu reference tables\n",
        config->file.c_str(), config->sources.size(), (*formats)->names().size(),
        (*policies)->policies().size(), lists->size(), tables->size());
    return Exit::done;
}

/// Asks the server's /livez: for container health checks.
Exit healthcheck(const Invocation& invocation, std::string url) {
    // Our own server may show a certificate for the name that others know it by, or one that has
    // been renewed on the disk; no secret is sent to it.
    const bool ours = url.empty();
    if (ours) {
        const auto config = invocation.load();
        if (!config) return complain(config.error());
        if (config->port == 0) {
            return complain(
                {base::Fault::invalid, "server.listen takes any free port; say which with --url"});
        }
        url = config->local_url() + "/livez";
    }
    auto client = http::Client::make({.verify = !ours});
    if (!client) return complain(client.error());
    http::ClientRequest request;
    request.method = "GET";
    request.url = std::move(url);
    request.deadlines = {.connect = std::chrono::seconds(2), .total = std::chrono::seconds(4)};
    request.check = [](std::string_view) { return true; };
    unsigned status = 0;
    boost::asio::io_context context;
    boost::asio::co_spawn(
        context, (*client)->send(std::move(request)),
        [&](const std::exception_ptr&, const base::Result<http::ClientResponse>& answer) {
            if (answer) status = answer->status;
        });
    context.run();
    return status == 200 ? Exit::done : Exit::unreachable;
}

}  // namespace

void add_check(CLI::App& app, Invocation& invocation) {
    auto* checks =
        app.add_subcommand("check-config", "Check the configuration and every file it names");
    checks->footer(
        "Example:\n  callerprint check-config --config /etc/callerprint/callerprint.yaml");
    checks->callback(
        [&invocation] { invocation.action = [&invocation] { return check(invocation); }; });

    auto url = std::make_shared<std::string>();
    auto* healths = app.add_subcommand("healthcheck", "Exit 0 when the server answers");
    healths->add_option("--url", *url, "What to ask (default: /livez at server.listen)");
    healths->footer(
        "Examples:\n  callerprint healthcheck\n"
        "  callerprint healthcheck --url http://127.0.0.1:8080/readyz");
    healths->callback([&invocation, url] {
        invocation.action = [&invocation, url] { return healthcheck(invocation, *url); };
    });

    auto* versions = app.add_subcommand("version", "Print the version");
    versions->footer("Example:\n  callerprint version");
    versions->callback([&invocation] {
        invocation.action = [] {
            std::printf("callerprint %s (%s, %s)\n", version, revision, compiler);
            return Exit::done;
        };
    });
}

}  // namespace app
