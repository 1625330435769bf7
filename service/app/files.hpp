#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {

/// The whole file; Fault::not_found or Fault::invalid with its path when it cannot be read or is
/// larger than `most` bytes.
base::Result<std::string> read_file(const std::filesystem::path& path, std::size_t most);

/// Writes a file that only its owner may read (mode 0400), whole or not at all: temporary name,
/// sync, rename. Fault::unavailable with the reason.
base::Result<void> write_secret(const std::filesystem::path& path, std::string_view bytes);

/// Writes a file whole or not at all, in place of what is there, whose mode, owner and place
/// behind a symbolic link it keeps. Fault::invalid or not_found (no such folder) with the reason.
base::Result<void> write_file(const std::filesystem::path& path, std::string_view bytes);
/// The same, but Fault::conflict when the file does not hold `expected` any more.
base::Result<void> replace_file(const std::filesystem::path& path, std::string_view expected,
                                std::string_view bytes);

/// A named text, as policies, formats and lists are given to the folders that read them.
struct NamedText {
    std::string name;  ///< path as given
    std::string text;
};

/// Why a file or a folder could not be read.
struct FileFault {
    std::string name;  ///< path as given
    base::Error error;
};

struct Tree {
    std::vector<NamedText> texts;
    std::vector<FileFault> faults;
};

/// The files below the paths that end in one of the endings, folders searched to 16 levels, in byte
/// order of their paths. A symbolic link that leaves its folder is refused. What cannot be read is
/// told and keeps nothing else from being read.
Tree read_each(const std::vector<std::filesystem::path>& paths,
               const std::vector<std::string>& endings, std::size_t most_bytes,
               std::size_t most_files);

/// The same, whole or not at all: fails with the first fault.
base::Result<std::vector<NamedText>> read_tree(const std::vector<std::filesystem::path>& paths,
                                               const std::vector<std::string>& endings,
                                               std::size_t most_bytes, std::size_t most_files);

}  // namespace app
