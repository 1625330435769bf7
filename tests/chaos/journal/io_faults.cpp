#include "life.hpp"

#include "journal/journal.hpp"

#include <future>

namespace journal::test {
namespace {

Report& add(Report& report, std::uint64_t seed, const Life& life,
            const std::vector<std::string>& violations) {
    report.count("faults", life.faults);
    report.count("refused_appends", life.refused);
    report.count("refused_starts", life.opened ? 0 : 1);
    report.count("rewrites", life.rewrites);
    report.add(seed, violations);
    return report;
}

// Restarts over and over while everything may fail; at the end, on a disk that has come round, it
// must start and hold all that was told.
void restarts(std::uint64_t seed, Lie lie, Report& report) {
    ModelFileSystem::Random random(seed);
    auto files = std::make_unique<ModelFileSystem>(seed);
    Ledger ledger;
    Life::Options options;
    options.bed.quota_segments = 3 + random() % 6;
    options.bed.ballast_bytes = random() % 2 == 0 ? 4096 : 0;
    options.fault_one_in = 6 + random() % 60;
    options.read_faults = random() % 2 == 0;
    options.steps = 30;
    options.rewrite_one_in = random() % 2 == 0 ? 15 : 0;
    options.lie = lie;
    for (int i = 0; i < 4; ++i) {
        std::vector<std::string> violations;
        options.power_lost_at = random() % 2 == 0 ? 1 + random() % 80 : 0;
        Life life(*files, ledger, random(), options);
        life.run(violations);
        add(report, seed, life, violations);
        if (!life.image) continue;
        files = std::move(life.image);
        ledger = std::move(life.image_ledger);
        report.count("power_losses", 1);
    }
    const bool read_faults = options.read_faults;
    options.fault_one_in = options.power_lost_at = 0;
    std::vector<std::string> violations;
    Life healthy(*files, ledger, random(), options);
    healthy.run(violations);
    add(report, seed, healthy, violations);
    report.count("acknowledged", ledger.told.size());
    report.count(read_faults ? "named_lost_after_failed_reads" : "lost", ledger.lost);
}

// The same through the journal's own thread and queue; the moments of its ticks are not the seed's.
void threaded(std::uint64_t seed, Report& report) {
    ModelFileSystem files(seed);
    ModelFileSystem::Random random(seed);
    std::uint64_t faults = 0;
    files.before = [&](Op op, const std::string&) {
        if (op == Op::read || random() % 20 != 0) return std::error_code();
        ++faults;
        return std::make_error_code(std::errc::io_error);
    };
    Ledger ledger;
    std::vector<std::string> violations;
    Journal::Options options;
    options.folder = "/journal";
    options.segment_bytes = 64 * 1024;
    options.quota_bytes = 16 * options.segment_bytes;
    options.ballast_bytes = 0;
    options.mark_interval = options.retry_interval = std::chrono::milliseconds(1);
    options.files = &files;
    if (auto journal = Journal::open(options)) {
        for (std::size_t i = 0; i < 60; ++i) {
            const std::vector<std::string> texts = ledger.next(1 + i % 3);
            std::vector<Block> blocks(texts.size());
            for (std::size_t j = 0; j < texts.size(); ++j) blocks[j].lines = texts[j];
            std::promise<base::Result<Lsn>> answer;
            (*journal)->append(blocks, [&](base::Result<Lsn> lsn) { answer.set_value(lsn); });
            const base::Result<Lsn> first = answer.get_future().get();
            if (first) ledger.acknowledge(*first, texts.size(), violations);
        }
    }
    files.before = nullptr;
    const auto image = files.after_power_loss(seed);
    audit(Bed(*image, {16, 0, options.segment_bytes}), ledger, false, violations);
    report.count("faults", faults);
    report.count("acknowledged", ledger.told.size());
    report.count("threaded_runs", 1);
    report.add(seed, violations);
}

}  // namespace

Report io_faults(std::uint64_t count, std::uint64_t seed, Lie lie) {
    Report report;
    report.count("faults", 0);
    for (; report.counts.front().second < count; ++seed) {
        if (seed % 25 == 0 && lie == Lie::none) threaded(seed, report);
        restarts(seed, lie, report);
    }
    return report;
}

}  // namespace journal::test
