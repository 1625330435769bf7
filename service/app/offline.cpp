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

void add_policy_places(CLI::App& command, PolicyPlaces& places) {
    command.add_option("paths", places.paths,
                       "Policy files or folders (default: those of the configuration)");
    command.add_option("--lists", places.lists, "Folder of value lists for expand");
}

base::Result<PolicyPlaces> resolve(const Invocation& invocation, PolicyPlaces places) {
    if (!places.paths.empty() && !places.lists.empty()) return places;
    const auto config = invocation.load();
    if (!config && places.paths.empty()) return std::unexpected(config.error());
    if (!config) return places;
    if (places.paths.empty())
        for (const auto& path : config->policies) places.paths.push_back(path.string());
    if (places.lists.empty()) places.lists = config->lists.string();
    return places;
}

base::Result<std::shared_ptr<const policy::Set>> load_offline(const Invocation& invocation,
                                                              const PolicyPlaces& given) {
    const auto places = resolve(invocation, given);
    if (!places) return std::unexpected(places.error());
    const auto lists = load_lists(places->lists);
    if (!lists) return std::unexpected(lists.error());
    return load_policies({places->paths.begin(), places->paths.end()}, *lists);
}

}  // namespace app
