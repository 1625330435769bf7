#include "app/command_policy.hpp"
#include "app/files.hpp"
#include "app/skeleton.hpp"

#include <cstdio>
#include <filesystem>

namespace app {
namespace {

struct Making {
    SkeletonOptions skeleton;
    std::string out;
};

Exit make(const Making& making) {
    const auto text = skeleton(making.skeleton);
    if (!text) return complain(text.error());
    if (making.out.empty()) {
        std::fputs(text->c_str(), stdout);
        return Exit::done;
    }
    std::error_code fault;
    if (std::filesystem::exists(making.out, fault))
        return complain({base::Fault::conflict, making.out + " is there already; remove it first"});
    if (auto written = write_file(making.out, *text); !written) return complain(written.error());
    std::fprintf(stderr, "%s: change it, then `callerprint policy test %s`\n", making.out.c_str(),
                 making.out.c_str());
    return Exit::done;
}

}  // namespace

void add_policy_new(CLI::App& group, Invocation& invocation) {
    auto making = std::make_shared<Making>();
    auto* command =
        group.add_subcommand("new", "Write a policy to start from, with tests that pass");
    command->add_option("name", making->skeleton.name, "Lower-case words joined by _")->required();
    command->add_option("--type", making->skeleton.type, "rule, or a correlation")
        ->check(CLI::IsMember(
            std::vector<std::string>(skeleton_types().begin(), skeleton_types().end())));
    command->add_option("--family", making->skeleton.family, "What it serves (default: abuse)")
        ->check(CLI::IsMember({"unlicensed", "prohibited", "abuse", "health"}));
    command->add_option("--out", making->out, "File to write (default: standard output)");
    command->footer(
        "The policy is in trial (status test): it tells nobody until you make it stable.\n"
        "Examples:\n  callerprint policy new many_exports\n  callerprint policy new many_exports "
        "--type event_count --out config/policies/abuse/many-exports.yaml");
    command->callback(
        [&invocation, making] { invocation.action = [making] { return make(*making); }; });
}

}  // namespace app
