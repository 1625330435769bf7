#include "app/command.hpp"
#include "app/files.hpp"
#include "generate/cloudtrail.hpp"
#include "generate/truth.hpp"
#include "generate/world.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace app {
namespace {

struct Generating {
    std::uint64_t seed = 1;
    std::uint64_t calls = 200'000;
    std::uint64_t keys = 10'000;
    std::uint64_t addresses = 20'000;
    std::int64_t span = 86'400;  // seconds of event time that cloudtrail records are spread over
    std::uint64_t parties = generate::Truth::Options{}.parties;
    bool truth = false;
    std::string loss;
    std::string shape = "world";
    std::string out;
};

base::Result<void> finish(std::ofstream& file, const std::filesystem::path& path) {
    file.close();
    if (file) return {};
    return base::fail(base::Fault::unavailable,
                      path.string() + ": could not be written; is the disk full?");
}

base::Result<void> write(const std::filesystem::path& path, std::string_view text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    return finish(file, path);
}

/// Writes calls one a line as `next` makes them.
template <class Next>
base::Result<void> write_calls(const std::filesystem::path& path, Next next) {
    std::ofstream file(path, std::ios::binary);
    std::string line;
    while (next(line)) {
        line += '\n';
        file << line;
    }
    return finish(file, path);
}

base::Result<void> generate_world(const Generating& options) {
    auto world = generate::World::make({.seed = options.seed, .calls = options.calls});
    if (!world) return std::unexpected(world.error());
    const std::filesystem::path folder = options.out;
    generate::Label label;
    auto done = write_calls(folder / "calls.ndjson",
                            [&](std::string& line) { return (*world)->next(line, label); });
    if (done) done = write(folder / "registry.ndjson", (*world)->registry_rows());
    if (done) done = write(folder / "truth.ndjson", (*world)->truth());
    return done;
}

/// What the log has, and beside it what it lost: with these, it would be whole.
base::Result<void> write_records(generate::Truth& world, const std::filesystem::path& folder) {
    const auto calls = folder / "calls.ndjson";
    const auto lost = folder / "lost.ndjson";
    std::ofstream kept_file(calls, std::ios::binary);
    std::ofstream lost_file(lost, std::ios::binary);
    lost_file << world.hole_rows();
    generate::Truth::Record record;
    while (world.next(record)) {
        if (record.lost) {
            lost_file << R"({"kind":"record","source":")" << record.source << R"(","record":)"
                      << record.line << "}\n";
        } else {
            kept_file << record.line << '\n';
        }
    }
    auto done = finish(kept_file, calls);
    return done ? finish(lost_file, lost) : done;
}

base::Result<void> generate_truth(const Generating& options) {
    auto world = generate::Truth::make({.seed = options.seed,
                                        .calls = options.calls,
                                        .parties = options.parties,
                                        .loss = generate::loss_of(options.loss)});
    if (!world) return std::unexpected(world.error());
    const std::filesystem::path folder = options.out;
    auto done = write_records(**world, folder);
    if (done) done = write(folder / "registry.ndjson", (*world)->registry_rows());
    if (done) done = write(folder / "truth.ndjson", (*world)->truth());
    if (done) done = write(folder / "questions.ndjson", (*world)->questions());
    return done;
}

base::Result<void> generate(const Generating& options) {
    std::error_code fault;
    std::filesystem::create_directories(options.out, fault);
    if (fault) return base::fail(base::Fault::invalid, options.out + ": " + fault.message());
    if (options.truth || options.shape == "truth") return generate_truth(options);
    if (options.shape == "world") return generate_world(options);
    auto trail = generate::CloudTrail::make({.seed = options.seed,
                                             .calls = options.calls,
                                             .keys = options.keys,
                                             .addresses = options.addresses,
                                             .duration = std::chrono::seconds(options.span)});
    if (!trail) return std::unexpected(trail.error());
    return write_calls(std::filesystem::path(options.out) / "calls.ndjson",
                       [&](std::string& line) { return (*trail)->next(line); });
}

}  // namespace

void add_generate(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Generating>();
    auto* command = app.add_subcommand("generate", "Write a synthetic world with known truth");
    command->add_option("--seed", options->seed, "Same seed, same bytes");
    command->add_option("--calls", options->calls, "How many calls");
    command
        ->add_option("--shape", options->shape,
                     "world (native records with planted abuse), cloudtrail (for measurements) or "
                     "truth (parties of whom it is known whether they use the API)")
        ->check(CLI::IsMember({"world", "cloudtrail", "truth"}));
    command->add_flag("--truth", options->truth, "The same as --shape truth");
    command->add_option("--parties", options->parties, "truth: parties that are asked about");
    command
        ->add_option("--loss", options->loss,
                     "truth: what is missing from the log; without it, as the seed has it")
        ->check(CLI::IsMember({"none", "hour", "share", "hidden-hour", "hidden-share"}));
    command->add_option("--keys", options->keys, "cloudtrail: distinct keys");
    command->add_option("--span", options->span,
                        "cloudtrail: seconds of event time from first to last");
    command->add_option("--addresses", options->addresses, "cloudtrail: distinct addresses");
    command
        ->add_option("--out", options->out,
                     "Folder for calls.ndjson, registry.ndjson and truth.ndjson; of truth also "
                     "questions.ndjson and lost.ndjson")
        ->required();
    command->footer(
        "Examples:\n  callerprint generate --seed 1 --calls 200000 --out /tmp/world\n"
        "  callerprint generate --shape cloudtrail --calls 1000000 --keys 100000 --out /tmp/trail\n"
        "  callerprint generate --truth --seed 1 --parties 123 --out /tmp/truth");
    command->callback([&invocation, options] {
        invocation.action = [options] {
            const auto done = generate(*options);
            return done ? Exit::done : complain(done.error());
        };
    });
}

}  // namespace app
