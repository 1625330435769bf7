#include "journal/archive.hpp"

#include "journal/file_system.hpp"
#include "journal/recovery.hpp"

namespace journal {

base::Result<Archive> Archive::open(const std::filesystem::path& folder, FileSystem* files) {
    auto found = recover(files != nullptr ? *files : operating_system(),
                         {.folder = folder, .look_only = true});
    if (!found) return std::unexpected(found.error());
    return Archive(
        std::make_shared<Index>(std::move(found->rows), found->end, std::vector<Damage>{}));
}

}  // namespace journal
