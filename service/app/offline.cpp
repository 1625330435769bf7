#include "app/offline.hpp"

#include "app/files.hpp"
#include "app/reference_files.hpp"
#include "registry/import.hpp"
#include "registry/registry.hpp"

namespace app {
namespace {

constexpr std::size_t registry_bytes = 256 << 20;

base::Result<enrich::Snapshot> load_facts(const std::string& path) {
    if (path.empty()) return enrich::Snapshot{};
    const auto text = read_file(path, registry_bytes);
    if (!text) return std::unexpected(text.error());
    auto rows = registry::parse_rows(*text, registry::detect_format(*text));
    if (!rows) {
        std::string problems;
        for (const auto& problem : rows.error()) {
            problems += (problems.empty() ? "" : "\n") + path + ":" + std::to_string(problem.line) +
                        ": " + problem.what;
        }
        return base::fail(base::Fault::invalid, std::move(problems));
    }
    auto built = registry::Registry::build(std::move(*rows));
    if (!built) return std::unexpected(built.error());
    return enrich::Snapshot{.registry = *built, .tables = {}};
}

}  // namespace

void add_offline_options(CLI::App& command, OfflineOptions& options) {
    command.add_option("--format", options.format,
                       "Log format of the files (default: told from the content)");
    command.add_option("--formats", options.formats, "Folder of format files");
    command.add_option("--registry", options.registry,
                       "Registry rows (NDJSON or CSV) for facts about tenants and keys");
    command.add_option("files", options.files, "Files, or - for standard input")->required();
}

base::Result<Offline> open_offline(const OfflineOptions& options,
                                   std::shared_ptr<const policy::Set> policies) {
    Offline out;
    auto formats = load_formats(options.formats.empty() ? default_formats()
                                                        : std::filesystem::path(options.formats));
    if (!formats) return std::unexpected(formats.error());
    out.formats = std::move(*formats);
    out.format = out.formats->find(options.format);
    if (!out.format) {
        std::string known;
        for (const auto& name : out.formats->names()) known += (known.empty() ? "" : ", ") + name;
        return base::fail(base::Fault::invalid, "unknown format; --format takes one of: " + known);
    }
    auto facts = load_facts(options.registry);
    if (!facts) return std::unexpected(facts.error());
    out.reference = pipeline::make_reference(out.formats, std::move(policies), std::move(*facts),
                                             std::string(32, 'r'), pipeline::Purpose::match);
    return out;
}

base::Result<std::shared_ptr<const policy::Set>> load_offline(const Invocation& invocation,
                                                              const std::vector<std::string>& given,
                                                              const std::string& given_lists) {
    std::vector<std::filesystem::path> paths(given.begin(), given.end());
    std::filesystem::path folder = given_lists;
    if (paths.empty() || folder.empty()) {
        const auto config = invocation.load();
        if (!config && paths.empty()) return std::unexpected(config.error());
        if (config && paths.empty()) paths = config->policies;
        if (config && folder.empty()) folder = config->lists;
    }
    const auto lists = load_lists(folder);
    if (!lists) return std::unexpected(lists.error());
    return load_policies(paths, *lists);
}

}  // namespace app
