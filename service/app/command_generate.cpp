#include "app/command.hpp"
#include "app/files.hpp"
#include "generate/cloudtrail.hpp"
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

base::Result<void> generate(const Generating& options) {
    std::error_code fault;
    std::filesystem::create_directories(options.out, fault);
    if (fault) return base::fail(base::Fault::invalid, options.out + ": " + fault.message());
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
                     "world (native records with planted abuse) or cloudtrail (for measurements)")
        ->check(CLI::IsMember({"world", "cloudtrail"}));
    command->add_option("--keys", options->keys, "cloudtrail: distinct keys");
    command->add_option("--span", options->span,
                        "cloudtrail: seconds of event time from first to last");
    command->add_option("--addresses", options->addresses, "cloudtrail: distinct addresses");
    command
        ->add_option("--out", options->out,
                     "Folder for calls.ndjson, registry.ndjson and truth.ndjson")
        ->required();
    command->footer(
        "Examples:\n  callerprint generate --seed 1 --calls 200000 --out /tmp/world\n"
        "  callerprint generate --shape cloudtrail --calls 1000000 --keys 100000 --out /tmp/trail");
    command->callback([&invocation, options] {
        invocation.action = [options] {
            const auto done = generate(*options);
            return done ? Exit::done : complain(done.error());
        };
    });
}

}  // namespace app
