#pragma once

#include "app/config.hpp"
#include "app/files.hpp"
#include "base/result.hpp"
#include "decode/formats.hpp"
#include "enrich/table.hpp"
#include "policy/set.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace app {

/// The value lists of a folder: `face_operations.txt` is %face_operations%. A folder that is not
/// there is no list.
base::Result<policy::Lists> load_lists(const std::filesystem::path& folder);

/// Policy files, and those that could not be read or are too large.
struct PolicyFiles {
    std::vector<policy::File> files;
    std::vector<FileFault> faults;
};
PolicyFiles read_policies(const std::vector<std::filesystem::path>& paths);

/// The policies of the files with these lists. Fails with Fault::invalid and every problem, one a
/// line; warnings are in the set.
base::Result<std::shared_ptr<const policy::Set>> link_policies(
    const std::vector<policy::File>& files, const policy::Lists& lists);

/// Both in one; fails with the first file that could not be read.
base::Result<std::shared_ptr<const policy::Set>> load_policies(
    const std::vector<std::filesystem::path>& paths, const policy::Lists& lists);

/// The formats of a folder, and the built-in ones.
base::Result<std::shared_ptr<const decode::Formats>> load_formats(
    const std::filesystem::path& folder);

/// The reference tables of the configuration.
base::Result<std::vector<std::shared_ptr<const enrich::Table>>> load_tables(
    const std::vector<Config::Table>& tables);

/// Where the formats are when no configuration says: beside the binary's source tree or installed.
std::filesystem::path default_formats();

}  // namespace app
