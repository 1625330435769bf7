#pragma once

#include "app/command.hpp"
#include "base/result.hpp"
#include "decode/formats.hpp"
#include "pipeline/reference.hpp"

#include <memory>
#include <string>
#include <vector>

namespace app {

/// What every command that evaluates files needs besides policies.
struct OfflineOptions {
    std::vector<std::string> files;
    std::string format = "auto";
    std::string formats;   ///< Folder; empty: the shipped one.
    std::string registry;  ///< File of rows; empty: no facts.
};

/// Adds --format, --formats, --registry and the files.
void add_offline_options(CLI::App& command, OfflineOptions& options);

struct Offline {
    std::shared_ptr<const decode::Formats> formats;
    const decode::Format* format = nullptr;  ///< Of `formats`.
    std::shared_ptr<const pipeline::Reference> reference;
};

/// Reads what the options name. Fails with Fault::invalid or not_found, naming the file.
base::Result<Offline> open_offline(const OfflineOptions& options,
                                   std::shared_ptr<const policy::Set> policies);

/// Policy paths and a folder of lists, as given or as the configuration has them.
struct PolicyPlaces {
    std::vector<std::string> paths;
    std::string lists;
};

/// Adds the paths as positionals, and --lists.
void add_policy_places(CLI::App& command, PolicyPlaces& places);

/// With what is not given taken from the configuration.
base::Result<PolicyPlaces> resolve(const Invocation& invocation, PolicyPlaces places);

/// The policies at the paths with the lists of the folder; what is not given comes from the
/// configuration.
base::Result<std::shared_ptr<const policy::Set>> load_offline(const Invocation& invocation,
                                                              const PolicyPlaces& places);

}  // namespace app
