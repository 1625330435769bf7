// Faults of the disk under the journal's own code. Each subcommand prints one line of JSON with its
// counts and ends with 1 when something that must hold did not.
//
//   journal_chaos power-loss --seeds 1..2000
//   journal_chaos io-faults  --count 2000 --seed 1
//   journal_chaos mutations  --count 5000 --seed 1
//   journal_chaos disk-full  --count 200 --seed 1
//   journal_chaos self-test
//
// self-test lets the disk break each promise without telling, and demands that the campaigns see
// it: a check that cannot fail proves nothing.
#include "campaign.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <string_view>

namespace {

using namespace journal::test;

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

int print(const char* name, const Report& report, std::chrono::steady_clock::time_point begun) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::printf("{\"campaign\":\"journal.%s\"", name);
    for (const auto& [key, value] : report.counts)
        std::printf(",\"%s\":%llu", key.c_str(), static_cast<unsigned long long>(value));
    std::printf(",\"violations\":%llu,\"seconds\":%.1f}\n",
                static_cast<unsigned long long>(report.violated), took.count());
    for (const std::string& what : report.violations) std::printf("  %s\n", what.c_str());
    return report.violated == 0 ? 0 : 1;
}

int self_test() {
    const auto begun = std::chrono::steady_clock::now();
    Report report;
    const auto demand = [&](const char* what, const Report& found) {
        report.count(what, found.violated > 0 ? 1 : 0);
        if (found.violated == 0) report.add(0, {std::string("not seen: ") + what});
    };
    demand("sync_does_nothing", power_loss(1, 100, Lie::sync));
    demand("folder_sync_does_nothing", power_loss(1, 100, Lie::sync_folder));
    demand("failed_sync_called_good", power_loss(1, 200, Lie::failed_sync));
    demand("short_write_called_good", io_faults(300, 1, Lie::failed_write));
    demand("ballast_kept", disk_full(5, 1, true));
    demand("damage_unknown_to_the_model", mutations(60, 1, true));
    return print("self-test", report, begun);
}

int usage() {
    std::fputs(
        "usage: journal_chaos power-loss --seeds A..B | io-faults|mutations|disk-full --count N "
        "--seed S | self-test   [--log]\n",
        stdout);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    std::map<std::string_view, std::string_view> options;
    bool log = false;
    for (int i = 2; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--log") {
            log = true;
            continue;
        }
        if (i + 1 == argc) return usage();
        options[argv[i]] = argv[i + 1];
        ++i;
    }
    // The journal tells of each fault; thousands of them are wanted here.
    if (!log) ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    const auto begun = std::chrono::steady_clock::now();
    if (what == "self-test") return self_test();
    if (what == "power-loss") {
        const std::string_view seeds = options["--seeds"];
        const std::size_t dots = seeds.find("..");
        if (dots == std::string_view::npos) return usage();
        const auto first = number(seeds.substr(0, dots));
        const auto last = number(seeds.substr(dots + 2));
        if (!first || !last) return usage();
        return print("power-loss", power_loss(*first, *last, Lie::none), begun);
    }
    const auto count = number(options["--count"]);
    const auto seed = number(options.contains("--seed") ? options["--seed"] : "1");
    if (!count || !seed) return usage();
    if (what == "io-faults") return print("io-faults", io_faults(*count, *seed, Lie::none), begun);
    if (what == "mutations") return print("mutations", mutations(*count, *seed, false), begun);
    if (what == "disk-full") return print("disk-full", disk_full(*count, *seed, false), begun);
    return usage();
}
