#pragma once

#include "base/result.hpp"
#include "journal/reader.hpp"

#include <filesystem>
#include <memory>

namespace journal {

class FileSystem;

/// The blocks that a journal's folder holds at this moment, for whoever only reads: another process
/// may have it open and go on writing. Blocks that came later are not there; those that the other
/// process lets go of meanwhile are missing, which a step in the LSNs shows.
class Archive {
public:
    /// Reads the folder once to know what counts. Fails with Fault::unavailable when it cannot be
    /// read, Fault::invalid when it is of a newer format version. Null is the operating system's.
    static base::Result<Archive> open(const std::filesystem::path& folder,
                                      FileSystem* files = nullptr);

    /// From the first block on.
    [[nodiscard]] Reader read() const { return Reader(index_, 0); }
    [[nodiscard]] Lsn first() const { return index_->first(); }
    [[nodiscard]] Lsn end() const { return index_->end(); }

private:
    explicit Archive(std::shared_ptr<Index> index) : index_(std::move(index)) {}
    std::shared_ptr<Index> index_;
};

}  // namespace journal
