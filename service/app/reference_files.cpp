#include "app/reference_files.hpp"

#include "enrich/mmdb_table.hpp"
#include "enrich/range_table.hpp"
#include "registry/list.hpp"

#include <cstdlib>

namespace app {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t format_bytes = 256 * 1024;
constexpr std::size_t policy_files = 10'000;
constexpr std::size_t list_bytes = 64 << 20;
constexpr std::size_t table_bytes = 512 << 20;

base::Result<std::shared_ptr<const enrich::Table>> load_table(const Config::Table& table) {
    const auto name = table.path.string();
    if (table.kind == "mmdb") return enrich::MmdbTable::open(name, name);
    auto text = read_file(table.path, table_bytes);
    if (!text) return std::unexpected(text.error());
    using Layout = enrich::RangeTable::Layout;
    const auto layout = table.kind == "as"        ? Layout::asn
                        : table.kind == "country" ? Layout::country
                        : table.value.empty()     ? Layout::kinds
                                                  : Layout::kind;
    return enrich::RangeTable::parse(name, *text, layout, table.value);
}

}  // namespace

base::Result<policy::Lists> load_lists(const fs::path& folder) {
    policy::Lists lists;
    std::error_code fault;
    if (folder.empty() || !fs::exists(folder, fault)) return lists;
    const auto files = read_tree({folder}, {".txt"}, list_bytes, policy_files);
    if (!files) return std::unexpected(files.error());
    for (const auto& file : *files) {
        auto values = registry::parse_list(file.name, file.text);
        if (!values) return std::unexpected(values.error());
        lists[fs::path(file.name).stem().string()] = std::move(*values);
    }
    return lists;
}

PolicyFiles read_policies(const std::vector<fs::path>& paths) {
    auto tree = read_each(paths, {".yml", ".yaml"}, policy::most_file_bytes, policy_files);
    PolicyFiles out{{}, std::move(tree.faults)};
    for (auto& text : tree.texts) out.files.push_back({std::move(text.name), std::move(text.text)});
    return out;
}

base::Result<std::shared_ptr<const policy::Set>> link_policies(
    const std::vector<policy::File>& files, const policy::Lists& lists) {
    auto set = policy::Set::load(files, lists);
    if (set) return *set;
    std::string problems;
    for (const auto& problem : set.error()) {
        if (!problems.empty()) problems += '\n';
        problems += to_text(problem);
    }
    return base::fail(base::Fault::invalid, std::move(problems));
}

base::Result<std::shared_ptr<const policy::Set>> load_policies(const std::vector<fs::path>& paths,
                                                               const policy::Lists& lists) {
    const auto read = read_policies(paths);
    if (!read.faults.empty()) return std::unexpected(read.faults.front().error);
    return link_policies(read.files, lists);
}

base::Result<std::shared_ptr<const decode::Formats>> load_formats(const fs::path& folder) {
    const auto texts = read_tree({folder}, {".yaml", ".yml"}, format_bytes, 1'000);
    if (!texts) return std::unexpected(texts.error());
    std::vector<decode::FormatFile> files;
    for (const auto& text : *texts) files.push_back({text.name, text.text});
    return decode::Formats::load(files);
}

base::Result<std::vector<std::shared_ptr<const enrich::Table>>> load_tables(
    const std::vector<Config::Table>& tables) {
    std::vector<std::shared_ptr<const enrich::Table>> out;
    for (const auto& table : tables) {
        auto loaded = load_table(table);
        if (!loaded) return std::unexpected(loaded.error());
        out.push_back(std::move(*loaded));
    }
    return out;
}

fs::path default_formats() {
    if (const char* given = std::getenv("CALLERPRINT_FORMATS")) return given;
    std::error_code fault;
    // build/release/callerprint stands two folders below the checkout; a package installs to
    // /usr/share.
    const auto binary = fs::canonical("/proc/self/exe", fault);
    for (auto folder = binary.parent_path(); !fault && folder != folder.root_path();
         folder = folder.parent_path()) {
        if (fs::exists(folder / "config/formats", fault)) return folder / "config/formats";
    }
    return "/usr/share/callerprint/formats";
}

}  // namespace app
