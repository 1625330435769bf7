// R8: files of a sound journal are changed while it is closed. What is read then is right, what was
// proven to be synced and cannot be read is named, exactly, and what was not proven is a torn tail.
#include "campaign.hpp"
#include "healthy.hpp"

#include <algorithm>
#include <array>

namespace journal::test {
namespace {

using Random = ModelFileSystem::Random;
constexpr std::size_t cut_range = 64 * 1024;

// Opens the files twice, with a block written in between, and compares.
void compare(const Healthy& healthy, const Files& changed, const Expected& expected,
             Lsn known_position, bool twice, std::vector<std::string>& violations) {
    ModelFileSystem files(1);
    for (const auto& [name, bytes] : changed) {
        const std::size_t blank = bytes.find(' ');
        if (name == "bad page")
            files.bad_pages.insert({bytes.substr(0, blank), std::stoull(bytes.substr(blank))});
        else
            files.put(name, bytes);
    }
    std::map<Lsn, std::string> after;
    for (int opening = 0; opening < (twice ? 2 : 1); ++opening) {
        files.drop_locks();
        Bed bed(files, {64, known_position, healthy.segment_bytes, 0});
        if (bed.error) {
            violations.push_back("no start: " + bed.error->reason);
            return;
        }
        std::set<Lsn> readable;
        for (const auto& [lsn, text] : read_patiently(bed, violations)) {
            if (const auto own = after.find(lsn); own != after.end()) {
                if (own->second != text) violations.emplace_back("what came after is wrong");
                continue;
            }
            readable.insert(lsn);
            const auto was = healthy.texts.find(lsn);
            if (was == healthy.texts.end() || was->second != text)
                violations.push_back("lsn " + std::to_string(lsn) + " holds wrong data");
        }
        std::set<Lsn> lost;
        for (const Damage& one : bed.index->damage())
            for (Lsn lsn = one.first; lsn < one.end; ++lsn) lost.insert(lsn);
        const auto differ = [&](const std::set<Lsn>& found, const std::set<Lsn>& wanted,
                                const char* what) {
            std::vector<Lsn> wrong;
            std::ranges::set_symmetric_difference(found, wanted, std::back_inserter(wrong));
            if (wrong.empty()) return;
            violations.push_back(std::string(what) + " at opening " + std::to_string(opening + 1) +
                                 ": " + std::to_string(wrong.size()) + " differ, first lsn " +
                                 std::to_string(wrong.front()) +
                                 (wanted.contains(wrong.front()) ? " missing" : " too many"));
        };
        differ(readable, expected.readable, "readable");
        differ(lost, expected.lost, "named lost");
        const base::Result<Lsn> next = bed.write({"after"});
        if (!next) {
            violations.push_back("no write: " + next.error().reason);
            return;
        }
        if (healthy.texts.contains(*next) &&
            (expected.readable.contains(*next) || expected.lost.contains(*next)))
            violations.push_back("lsn " + std::to_string(*next) + " is used twice");
        after[*next] = "after";
    }
}

struct Kind {
    const char* name;
    /// Changes the files; false when there was nothing to change.
    bool (*apply)(const Healthy& healthy, Files& files, Random& random);
};

std::string& any_segment(const Healthy& healthy, Files& files, Random& random) {
    return files.at(healthy.segments[random() % healthy.segments.size()]);
}

bool flip_bit(const Healthy& healthy, Files& files, Random& random) {
    std::string& bytes = any_segment(healthy, files, random);
    const std::size_t bit = random() % (bytes.size() * 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    return true;
}

template <std::size_t size>
bool zero_block(const Healthy& healthy, Files& files, Random& random) {
    std::string& bytes = any_segment(healthy, files, random);
    const std::size_t at = random() % (bytes.size() / size) * size;
    bytes.replace(at, size, size, '\0');
    return true;
}

// What stood there when the file was another segment: a write that the disk lost.
template <std::size_t size>
bool stale_block(const Healthy& healthy, Files& files, Random& random) {
    std::vector<const std::string*> older;
    for (const auto& [name, bytes] : healthy.older)
        if (name.ends_with(".log") && bytes.size() == healthy.segment_bytes)
            older.push_back(&bytes);
    if (older.empty()) return false;
    std::string& bytes = any_segment(healthy, files, random);
    const std::size_t at = random() % (bytes.size() / size) * size;
    bytes.replace(at, size, *older[random() % older.size()], at, size);
    return true;
}

bool swap_segments(const Healthy& healthy, Files& files, Random& random) {
    std::swap(any_segment(healthy, files, random), any_segment(healthy, files, random));
    return true;
}

bool remove_segment(const Healthy& healthy, Files& files, Random& random) {
    files.erase(healthy.segments[random() % healthy.segments.size()]);
    return true;
}

// Reads of that page fail for ever. The file's bytes stand for what a reader may make of it.
bool bad_page(const Healthy& healthy, Files& files, Random& random) {
    const std::string& name = healthy.segments[random() % healthy.segments.size()];
    const std::size_t page = random() % (files.at(name).size() / 4096);
    std::string& bytes = files.at(name);
    for (std::size_t i = page * 4096; i < (page + 1) * 4096; ++i)
        bytes[i] = static_cast<char>(~bytes[i]);
    files["bad page"] = name + ' ' + std::to_string(page);
    return true;
}

constexpr std::array<Kind, 8> kinds{{{"flipped_bits", flip_bit},
                                     {"zeroed_512", zero_block<512>},
                                     {"zeroed_4096", zero_block<4096>},
                                     {"stale_512", stale_block<512>},
                                     {"stale_4096", stale_block<4096>},
                                     {"swapped_segments", swap_segments},
                                     {"missing_segments", remove_segment},
                                     {"unreadable_pages", bad_page}}};

// How much the mark knew when the process ended: all, all but the newest groups, or nothing.
Lsn choose_mark(const Healthy& healthy, Files& files, Random& random) {
    const std::uint64_t choice = random() % 3;
    if (choice == 0) {
        files.erase("mark");
        return 0;
    }
    const Lsn durable = choice == 1 ? healthy.end : healthy.end - random() % 8;
    files["mark"] = Healthy::mark(durable);
    return durable;
}

}  // namespace

Report mutations(std::uint64_t count, std::uint64_t seed, bool secretly) {
    const std::array<Healthy, 3> journals{Healthy::make(seed, small_segment, false),
                                          Healthy::make(seed + 1, small_segment, true),
                                          Healthy::make(seed + 2, 128 * 1024, false)};
    Random random(seed);
    Report report;
    const auto check = [&](const Healthy& healthy, const char* name, auto&& change) {
        Files files = healthy.files;
        const Lsn mark = choose_mark(healthy, files, random);
        // Where PostgreSQL is, when it is behind what can be proven anyway; a later one adds proof.
        const Lsn known = random() % 4 == 0 ? healthy.end - random() % 4 : 0;
        const Files before = files;
        if (!change(files)) return;
        const Expected expected = expected_of(healthy, secretly ? before : files, mark, known);
        std::vector<std::string> violations;
        // When no segment is left, the next start finds what a trimmed journal looks like.
        const bool some_left = std::ranges::any_of(
            files, [](const auto& file) { return file.first.ends_with(".log"); });
        compare(healthy, files, expected, known, some_left, violations);
        report.count("mutations", 1);
        report.count(name, 1);
        report.count("blocks_named_lost", expected.lost.size());
        report.count("blocks_read", expected.readable.size());
        for (std::string& what : violations) what = std::string(name) + ": " + what;
        report.add(report.counts.front().second, violations);
    };
    // Each byte of the last 64 KB when there are enough, else evenly spread ones.
    const std::size_t cuts = count >= 100'000 ? cut_range : static_cast<std::size_t>(count / 3);
    const Healthy& large = journals[2];
    std::size_t used = 0;
    for (const Placed& frame : large.frames)
        if (frame.file == large.segments.back()) used = (frame.end + 7) / 8 * 8;
    for (std::size_t i = 0; i < cuts; ++i) {
        const std::size_t back = i * cut_range / cuts;
        check(large, "cuts", [&](Files& files) {
            files.at(large.segments.back()).resize(used - std::min(used, back));
            return true;
        });
    }
    for (std::uint64_t i = cuts; i < count; ++i) {
        const Healthy& healthy = journals[random() % journals.size()];
        const Kind& kind = kinds[random() % kinds.size()];
        check(healthy, kind.name, [&](Files& files) { return kind.apply(healthy, files, random); });
    }
    return report;
}

}  // namespace journal::test
