#include "life.hpp"

#include <algorithm>

namespace journal::test {

Life::Life(ModelFileSystem& files, Ledger& ledger, std::uint64_t seed, const Options& options)
    : files_(files), ledger_(ledger), random_(seed), options_(options) {}

std::error_code Life::before(Op op) {
    if (op != Op::read && ++operations_ == options_.power_lost_at) {
        image = files_.after_power_loss(random_());
        image_ledger = ledger_;
    }
    if (options_.fault_one_in == 0 || (op == Op::read && !options_.read_faults)) return {};
    // A read that fails three times is a bad sector, and those are for `mutations`.
    if (random_() % (op == Op::read ? 100 : options_.fault_one_in) != 0) return {};
    ++faults;
    return std::make_error_code(random_() % 3 == 0 ? std::errc::no_space_on_device
                                                   : std::errc::io_error);
}

void Life::run(std::vector<std::string>& violations) {
    files_.drop_locks();
    files_.before = [this](Op op, const std::string&) { return before(op); };
    LyingFileSystem disk(files_, options_.lie);
    {
        Bed bed(disk, options_.bed);
        opened = !bed.error;
        if (opened) {
            audit(bed, ledger_, options_.read_faults, violations);
            for (int i = 0; i < options_.steps; ++i) step(bed, violations);
            audit(bed, ledger_, options_.read_faults, violations);
        } else if (options_.fault_one_in == 0) {
            violations.push_back("a healthy disk is refused: " + bed.error->reason);
        }
    }
    files_.before = nullptr;
    violations.insert(violations.end(), disk.violations.begin(), disk.violations.end());
}

void Life::step(Bed& bed, std::vector<std::string>& violations) {
    if (options_.rewrite_one_in != 0 && random_() % options_.rewrite_one_in == 0)
        return rewrite(bed, violations);
    const std::uint64_t choice = random_() % 10;
    if (choice == 0) return bed.tick();
    if (choice == 1) {
        const Lsn end = bed.index->end();
        ledger_.trimmed = std::max(ledger_.trimmed, end - std::min<Lsn>(end, random_() % 20));
        return bed.writer->trim(ledger_.trimmed);
    }
    const std::vector<std::string> texts = ledger_.next(1 + random_() % 3);
    const base::Result<Lsn> first = bed.write(texts);
    if (first) return ledger_.acknowledge(*first, texts.size(), violations);
    ++refused;
    if (options_.fault_one_in == 0 && first.error().fault != base::Fault::exhausted)
        violations.push_back("a healthy disk refuses: " + first.error().reason);
}

void Life::rewrite(Bed& bed, std::vector<std::string>& violations) {
    const base::Result<Rewritten> done = erase_some(bed, files_, ledger_, random_(), violations);
    if (done) {
        ++rewrites;
    } else if (options_.fault_one_in == 0 && done.error().fault != base::Fault::exhausted) {
        violations.push_back("a healthy disk is not rewritten: " + done.error().reason);
    }
}

}  // namespace journal::test
