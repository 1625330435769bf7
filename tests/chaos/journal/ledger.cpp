#include "ledger.hpp"

#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace journal::test {
namespace {

std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

struct Read {
    std::uint64_t number = 0;
    bool erased = false;
};

std::optional<Read> read_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    if (text == Ledger::text(number)) return Read{number, false};
    if (text == Ledger::erased_text(number)) return Read{number, true};
    return std::nullopt;
}

std::string place(Lsn lsn) {
    return "lsn " + std::to_string(lsn);
}

}  // namespace

std::string Ledger::text(std::uint64_t number) {
    std::string out = std::to_string(number) + ' ';
    const std::size_t size = mixed(number) % 8 == 0 ? 3'000 : 60;
    for (std::uint64_t state = number + 1; out.size() < size;) {
        state = mixed(state + 0x9e3779b97f4a7c15u);
        for (std::uint64_t rest = state; rest != 0; rest >>= 6)
            out += static_cast<char>('0' + rest % 64);
    }
    return out;
}

std::string Ledger::erased_text(std::uint64_t number) {
    return std::to_string(number) + " erased" +
           std::string(static_cast<std::size_t>(mixed(number) % 16 == 1 ? 2'000 : 0), '.');
}

std::vector<std::string> Ledger::next(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(text(numbers++));
    return out;
}

void Ledger::acknowledge(Lsn first, std::size_t count, std::vector<std::string>& violations) {
    for (std::size_t i = 0; i < count; ++i)
        if (!told.emplace(first + i, numbers - count + i).second)
            violations.push_back(place(first + i) + " was given to two blocks");
}

base::Result<Rewritten> erase_some(Bed& bed, const ModelFileSystem& files, Ledger& ledger,
                                   std::uint64_t choice, std::vector<std::string>& violations) {
    const auto chosen = [choice](std::uint64_t number) { return mixed(number) % 8 == choice % 8; };
    std::set<std::uint64_t> met;
    const base::Result<Rewritten> done = bed.rewrite(bed.index->end(), [&](Block& block) {
        const std::optional<Read> read = read_of(block.lines);
        if (!read || !chosen(read->number)) return false;
        met.insert(read->number);
        ledger.asked.insert(read->number);
        if (read->erased) return false;
        block.lines = Ledger::erased_text(read->number);
        return true;
    });
    if (!done) return done;
    ledger.erased.insert(met.begin(), met.end());
    // Those that were trimmed or refused, too: their bytes may be anywhere.
    const auto contents = files.contents();
    for (std::uint64_t number = 0; number < ledger.numbers; ++number) {
        if (!chosen(number)) continue;
        const std::string payload = Bed::encoded_of(Ledger::text(number)).payload;
        for (const auto& [name, bytes] : contents)
            if (!name.ends_with(damaged_suffix) &&
                bytes.find(payload.substr(payload.size() - 24)) != std::string::npos)
                violations.push_back("block " + std::to_string(number) + " was erased and is in " +
                                     name);
    }
    return done;
}

std::vector<std::pair<Lsn, std::string>> read_patiently(const Bed& bed,
                                                        std::vector<std::string>& violations) {
    std::vector<std::pair<Lsn, std::string>> out;
    Reader reader(bed.index, 0);
    Entry entry;
    for (int failures = 0; failures < 200;) {
        const base::Result<bool> found = reader.next(entry);
        if (!found) {
            ++failures;
            continue;
        }
        if (!*found) return out;
        out.emplace_back(entry.lsn, entry.block.lines);
    }
    violations.emplace_back("reading fails for ever");
    return out;
}

void audit(const Bed& bed, Ledger& ledger, bool may_be_damaged,
           std::vector<std::string>& violations) {
    std::map<Lsn, std::uint64_t> read;
    std::set<std::uint64_t> numbers;
    Lsn last = 0;
    for (const auto& [lsn, text] : read_patiently(bed, violations)) {
        if (lsn <= last) violations.push_back(place(lsn) + " is read after a higher one");
        last = lsn;
        const std::optional<Read> one = read_of(text);
        if (!one || one->number >= ledger.numbers) {
            violations.push_back(place(lsn) + " holds what was never appended");
            continue;
        }
        if (one->erased ? !ledger.asked.contains(one->number) : ledger.erased.contains(one->number))
            violations.push_back(place(lsn) +
                                 (one->erased ? " was erased unasked" : " was erased and is back"));
        if (!numbers.insert(one->number).second)
            violations.push_back(place(lsn) + " repeats another block");
        read.emplace(lsn, one->number);
    }
    const std::vector<Damage> damage = bed.index->damage();
    const auto named = [&](Lsn lsn) {
        for (const Damage& one : damage)
            if (one.first <= lsn && lsn < one.end) return true;
        return false;
    };
    if (!may_be_damaged && !damage.empty())
        violations.push_back("damage is named where nothing was damaged, at " +
                             place(damage.front().first));
    for (auto told = ledger.told.begin(); told != ledger.told.end();) {
        const auto& [lsn, number] = *told;
        const auto found = read.find(lsn);
        const bool gone = found == read.end();
        if (!gone && found->second != number)
            violations.push_back(place(lsn) + " holds another block than was told");
        if (gone && lsn >= ledger.trimmed && !named(lsn))
            violations.push_back(place(lsn) + " was acknowledged and is lost");
        if (gone && lsn >= ledger.trimmed) ++ledger.lost;
        if (!gone && named(lsn)) violations.push_back(place(lsn) + " is readable and called lost");
        told = gone ? ledger.told.erase(told) : std::next(told);
    }
    if (bed.index->end() <= last) violations.push_back("the end is not above what can be read");
    ledger.told.insert(read.begin(), read.end());
}

}  // namespace journal::test
