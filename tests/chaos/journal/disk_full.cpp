// R6 on the model disk: others fill it, the journal refuses and gives its ballast to them, and goes
// on by itself when there is room again.
#include "campaign.hpp"
#include "ledger.hpp"

#include <algorithm>
#include <optional>

namespace journal::test {
namespace {

constexpr std::uint64_t ballast = 24 * 1024;
constexpr std::uint64_t disk = 30 * small_segment;
constexpr const char* database = "database";  // whatever else the disk holds

class Cycles {
public:
    Cycles(std::uint64_t seed, bool keep_ballast) : files_(seed), random_(seed) {
        files_.capacity = disk;
        retain_ = random_() % 2 * 8 * small_segment;
        if (keep_ballast)
            files_.before = [](Op op, const std::string& name) {
                return op == Op::remove && name == "ballast"
                           ? std::make_error_code(std::errc::io_error)
                           : std::error_code();
            };
        start();
    }

    void run(Report& report) {
        append_some(random_() % 40);
        fill();
        if (!refused(report)) return;
        use_the_ballast();
        if (random_() % 3 == 0) start();  // a start on a full disk is no crash loop
        append_some(random_() % 5);
        files_.erase(database);
        back(report);
        audit(*bed_, ledger_, false, violations);
        report.count("cycles", 1);
    }

    std::vector<std::string> violations;

private:
    void start() {
        files_.drop_locks();
        bed_.reset();
        // No quota of its own: the disk is what ends.
        bed_.emplace(files_, Bed::Options{1000, 0, small_segment, ballast, retain_});
        if (bed_->error) violations.push_back("no start: " + bed_->error->reason);
    }

    bool append() {
        const std::vector<std::string> texts = ledger_.next(1 + random_() % 3);
        const base::Result<Lsn> first = bed_->write(texts);
        if (first) ledger_.acknowledge(*first, texts.size(), violations);
        if (!first && first.error().fault != base::Fault::exhausted)
            violations.push_back("a full disk is called " + first.error().reason);
        return first.has_value();
    }

    void append_some(std::uint64_t groups) {
        for (std::uint64_t i = 0; i < groups; ++i) append();
        const Lsn end = bed_->index->end();
        ledger_.trimmed = std::max(ledger_.trimmed, end - std::min<Lsn>(end, random_() % 60));
        bed_->writer->trim(ledger_.trimmed);
        bed_->tick();
    }

    std::uint64_t free() const { return disk - std::min(disk, files_.used()); }
    void grow_database(std::uint64_t bytes) {
        const auto contents = files_.contents();
        const auto found = contents.find(database);
        files_.put(database,
                   std::string((found == contents.end() ? 0 : found->second.size()) + bytes, 'd'));
    }
    void fill() { grow_database(free() - std::min(free(), random_() % 1000)); }

    // Appends go on in what was allocated, and then end for as long as the disk is full; the
    // ballast is for the others, so no retry may take it.
    bool refused(Report& report) {
        int groups = 0;
        while (append())
            if (++groups > 400) {
                violations.emplace_back("a full disk takes 400 groups");
                return false;
            }
        report.count("groups_into_allocated_room", static_cast<std::uint64_t>(groups));
        for (int i = 0; i < 10; ++i) {
            if (free() < ballast) {
                violations.emplace_back("the ballast's room is not there for the others");
                return true;
            }
            bed_->now += std::chrono::milliseconds(200 + random_() % 600);
            if (random_() % 2 == 0) bed_->writer->tick(bed_->now);
            append();                             // goes on when an old segment became a spare
            if (ballast_is_whole()) return true;  // files that nobody needs made room for all
        }
        return true;
    }

    bool ballast_is_whole() const {
        const auto contents = files_.contents();
        const auto found = contents.find("ballast");
        return found != contents.end() && found->second.size() == ballast;
    }

    void use_the_ballast() { grow_database(random_() % ballast); }

    void back(Report& report) {
        int ticks = 0;
        while ((bed_->writer->trouble() || !ballast_is_whole()) && ticks < 10) {
            bed_->tick();  // 600 ms
            ++ticks;
        }
        if (bed_->writer->trouble()) violations.emplace_back("not back 6 s after there is room");
        if (!ballast_is_whole()) violations.emplace_back("no ballast 6 s after there is room");
        if (!append()) violations.emplace_back("refuses although there is room");
        report.count("ticks_until_back", static_cast<std::uint64_t>(ticks));
    }

    ModelFileSystem files_;
    ModelFileSystem::Random random_;
    std::uint64_t retain_ = 0;
    Ledger ledger_;
    std::optional<Bed> bed_;
};

}  // namespace

Report disk_full(std::uint64_t cycles, std::uint64_t seed, bool keep_ballast) {
    Report report;
    for (std::uint64_t done = 0; done < cycles; ++seed) {
        Cycles disks(seed, keep_ballast);
        for (int i = 0; i < 10 && done < cycles; ++i, ++done) disks.run(report);
        report.add(seed, disks.violations);
    }
    return report;
}

}  // namespace journal::test
