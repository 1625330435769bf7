#include "life.hpp"

namespace journal::test {
namespace {

// Kept small: what is rare in a large journal (a segment's end, a full quota) is common here.
Bed::Options shape(ModelFileSystem::Random& random) {
    Bed::Options bed;
    bed.segment_bytes = (16u << random() % 2) * 1024;
    bed.quota_segments = 3 + random() % 6;
    bed.ballast_bytes = random() % 4 == 0 ? 4096 : 0;
    return bed;
}

}  // namespace

Report power_loss(std::uint64_t first, std::uint64_t last, Lie lie) {
    Report report;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        ModelFileSystem::Random random(seed);
        const Bed::Options bed = shape(random);
        const std::uint64_t fault_one_in = seed % 2 == 0 ? 40 : 0;
        auto files = std::make_unique<ModelFileSystem>(seed);
        Ledger ledger;
        std::vector<std::string> violations;
        for (int loss = 0; loss < 3; ++loss) {
            Life::Options options{bed, fault_one_in};
            options.lie = lie;
            options.rewrite_one_in = 15;
            options.steps = loss == 0 ? 50 : 15;
            // The second and third strike early, so that they often hit a recovery.
            options.power_lost_at = 1 + random() % (loss == 0 ? 160 : 40);
            Life life(*files, ledger, random(), options);
            life.run(violations);
            report.count("failed_operations", life.faults);
            report.count("rewrites", life.rewrites);
            if (!life.image) continue;  // it ended before: the next starts on what it left
            files = std::move(life.image);
            ledger = std::move(life.image_ledger);
            report.count("power_losses", 1);
        }
        Life::Options healthy{bed};
        healthy.steps = 3;
        Life(*files, ledger, random(), healthy).run(violations);
        report.count("seeds", 1);
        report.count("acknowledged", ledger.told.size());
        report.add(seed, violations);
    }
    return report;
}

}  // namespace journal::test
