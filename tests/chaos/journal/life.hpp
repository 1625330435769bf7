#pragma once

#include "ledger.hpp"
#include "lying_file_system.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace journal::test {

/// One process's life on a model disk: it recovers, then appends, trims and waits at random while
/// operations fail, and the power goes at a chosen one.
class Life {
public:
    struct Options {
        Bed::Options bed;
        std::uint64_t fault_one_in = 0;    ///< 0: none.
        bool read_faults = false;          ///< Reads fail too, and damage may be named.
        std::uint64_t power_lost_at = 0;   ///< Operation of this life; 0: never.
        std::uint64_t rewrite_one_in = 0;  ///< Of the steps; 0: none.
        int steps = 0;
        Lie lie = Lie::none;
    };
    Life(ModelFileSystem& files, Ledger& ledger, std::uint64_t seed, const Options& options);

    /// Everything that was wrong is added to `violations`.
    void run(std::vector<std::string>& violations);

    /// What a machine that lost its power finds, and what its users had been told by then.
    std::unique_ptr<ModelFileSystem> image;
    Ledger image_ledger;
    std::uint64_t faults = 0;
    std::uint64_t refused = 0;
    std::uint64_t rewrites = 0;  ///< Ended well.
    bool opened = false;

private:
    std::error_code before(Op op);
    void step(Bed& bed, std::vector<std::string>& violations);
    void rewrite(Bed& bed, std::vector<std::string>& violations);

    ModelFileSystem& files_;
    Ledger& ledger_;
    ModelFileSystem::Random random_;
    const Options options_;
    std::uint64_t operations_ = 0;
};

}  // namespace journal::test
