#include "app/command_policy.hpp"
#include "app/diff.hpp"
#include "app/files.hpp"
#include "app/reference_files.hpp"
#include "base/log.hpp"
#include "policy/format.hpp"

#include <cstdio>

namespace app {
namespace {

struct Formatting {
    std::vector<std::string> paths;
    bool check = false;
    bool diff = false;
};

Exit format(const Formatting& formatting) {
    const auto read = read_policies({formatting.paths.begin(), formatting.paths.end()});
    auto worst = Exit::done;
    for (const auto& fault : read.faults) worst = complain(fault.error);
    std::size_t changed = 0;
    for (const auto& file : read.files) {
        const auto made = policy::format(file.text);
        if (!made) {
            std::fprintf(stderr, "%s:%s\n", base::log::safe(file.name).c_str(),
                         base::log::safe(made.error().reason).c_str());
            worst = Exit::usage;
            continue;
        }
        if (*made == file.text) continue;
        ++changed;
        if (formatting.diff)
            std::fputs(unified_diff(file.name, file.text, *made).c_str(), stdout);
        else
            std::printf("%s\n", base::log::safe(file.name).c_str());
        if (formatting.check || formatting.diff) continue;
        if (auto written = write_file(file.name, *made); !written)
            worst = complain(written.error());
    }
    std::fprintf(stderr, "%zu files, %zu %s\n", read.files.size(), changed,
                 formatting.check || formatting.diff ? "to be formatted" : "formatted");
    if (worst != Exit::done) return worst;
    return formatting.check && changed > 0 ? Exit::negative : Exit::done;
}

}  // namespace

void add_policy_fmt(CLI::App& group, Invocation& invocation) {
    auto formatting = std::make_shared<Formatting>();
    auto* command = group.add_subcommand(
        "fmt", "Lay policy files out in the canonical way; the meaning is proved unchanged");
    command->add_option("paths", formatting->paths, "Policy files or folders")->required();
    command->add_flag("--check", formatting->check, "Change nothing; exit 1 when a file would be");
    command->add_flag("--diff", formatting->diff, "Change nothing; print what would be");
    command->footer(
        "A file that is formatted has another content hash: its open windows start anew.\n"
        "Examples:\n  callerprint policy fmt config/policies\n  callerprint policy fmt --check "
        "--diff config/policies");
    command->callback([&invocation, formatting] {
        invocation.action = [formatting] { return format(*formatting); };
    });
}

}  // namespace app
