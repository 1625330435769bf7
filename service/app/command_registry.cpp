#include "app/command.hpp"
#include "app/doorbell.hpp"
#include "app/input.hpp"
#include "app/open_database.hpp"
#include "app/secrets.hpp"
#include "base/wipe.hpp"
#include "registry/import.hpp"
#include "store/registry_table.hpp"

#include <cstdio>

namespace app {
namespace {

struct Importing {
    std::vector<std::string> files;
    std::string kind;
    bool dry_run = false;
};

base::Result<registry::Rows> read_rows(const std::string& path, const std::string& kind,
                                       const registry::KeyHasher* hasher) {
    auto input = Input::open(path);
    if (!input) return std::unexpected(input.error());
    auto text = input->rest(256 << 20);
    if (!text) return std::unexpected(text.error());
    auto rows = registry::parse_rows(*text, registry::detect_format(*text), registry::kind_of(kind),
                                     hasher);
    base::wipe(*text);  // it may hold keys
    if (rows) return std::move(*rows);
    std::string problems;
    for (const auto& problem : rows.error()) {
        problems += (problems.empty() ? "" : "\n") + path + ":" + std::to_string(problem.line) +
                    ": " + problem.what;
    }
    return base::fail(base::Fault::invalid, std::move(problems));
}

base::Result<std::vector<registry::Rows>> read_files(const Importing& importing,
                                                     const registry::KeyHasher* hasher) {
    std::vector<registry::Rows> out;
    for (const auto& path : importing.files) {
        auto rows = read_rows(path, importing.kind, hasher);
        if (!rows) return std::unexpected(rows.error());
        out.push_back(std::move(*rows));
    }
    return out;
}

Exit check(const Importing& importing) {
    const auto files = read_files(importing, nullptr);
    if (!files) return complain(files.error());
    for (std::size_t i = 0; i < files->size(); ++i) {
        std::printf("%s: %zu rows, no problem; nothing was imported\n", importing.files[i].c_str(),
                    (*files)[i].size());
    }
    return Exit::done;
}

Exit import(const Invocation& invocation, const Importing& importing) {
    if (importing.dry_run) return check(importing);
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const auto secrets = Secrets::open(config->data_dir);
    if (!secrets) return complain(secrets.error());
    const auto hasher = key_hasher(*secrets);
    const auto files = read_files(importing, &hasher);
    if (!files) return complain(files.error());
    for (std::size_t i = 0; i < files->size(); ++i) {
        const auto done = store::RegistryTable(database->session())
                              .import((*files)[i], base::WallClock::now(), actor());
        if (!done) return complain(done.error());
        const std::string indexed =
            done->indexed == 0 ? "" : ", " + std::to_string(done->indexed) + " keys indexed";
        std::printf("%s: %zu added, %zu changed, %zu unchanged%s; registry version %llu\n",
                    importing.files[i].c_str(), done->added, done->changed, done->unchanged,
                    indexed.c_str(), static_cast<unsigned long long>(done->version));
    }
    ring(config->data_dir);
    return Exit::done;
}

}  // namespace

void add_registry(CLI::App& app, Invocation& invocation) {
    auto* group = app.add_subcommand(
        "registry", "Tenants, keys, parties, licences, gates, leaks, owners and claims");
    group->require_subcommand(1);
    auto importing = std::make_shared<Importing>();
    auto* imports = group->add_subcommand("import", "Add or correct rows from NDJSON or CSV files");
    imports->add_option("files", importing->files, "Files, or - for standard input")->required();
    imports
        ->add_option("--kind", importing->kind,
                     "Kind of rows that do not say: tenant, key, party, licence, gate, leak, owner,"
                     " claim")
        ->check(
            CLI::IsMember({"tenant", "key", "party", "licence", "gate", "leak", "owner", "claim"}));
    imports->add_flag("--dry-run", importing->dry_run, "Check the files and change nothing");
    imports->footer(
        "A file is imported whole or not at all; a server on this machine has seen it when this\n"
        "returns, any other sees it within a second.\n"
        "Examples:\n  callerprint registry import registry.ndjson\n"
        "  callerprint registry import --kind licence licences.csv");
    imports->callback([&invocation, importing] {
        invocation.action = [&invocation, importing] { return import(invocation, *importing); };
    });
}

}  // namespace app
