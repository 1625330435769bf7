#include "app/command.hpp"
#include "app/service.hpp"
#include "base/log.hpp"

#include <systemd/sd-daemon.h>

#include <sys/resource.h>

#include <csignal>

namespace app {
namespace {

/// The signals we wait for; blocked in every thread before the first is made.
sigset_t wanted_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    return signals;
}

/// What is in work is in memory before it is scrubbed: no crash may write it down. A limit of 1 is
/// refused by the kernel for files and for programs that take cores; 0 only for files (core(5)).
void forbid_cores() {
    const rlimit none{1, 1};
    ::setrlimit(RLIMIT_CORE, &none);
}

Exit serve(const Invocation& invocation) {
    forbid_cores();
    const auto signals = wanted_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error code, not the end
    auto config = invocation.load();
    if (!config) return complain(config.error());
    base::log::set_level(config->log_level);
    auto service = Service::start(std::move(*config));
    if (!service) return complain(service.error());
    sd_notify(0, "READY=1");
    while (true) {
        int signal = 0;
        if (sigwait(&signals, &signal) != 0) continue;
        if (signal != SIGHUP) break;
        sd_notify(0, "RELOADING=1");
        (*service)->reload();
        sd_notify(0, "READY=1");
    }
    sd_notify(0, "STOPPING=1");
    (*service)->stop();
    return Exit::done;
}

}  // namespace

void add_serve(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("serve", "Run the server");
    command->footer(
        "SIGHUP reads policies, lists and tables again; SIGTERM stops gracefully.\n"
        "Example:\n  callerprint serve --config /etc/callerprint/callerprint.yaml");
    command->callback(
        [&invocation] { invocation.action = [&invocation] { return serve(invocation); }; });
}

}  // namespace app
