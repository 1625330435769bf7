#include "coverage/audit_chain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using coverage::AuditAnchor;
using coverage::AuditEntry;
using coverage::AuditWalk;
using Entries = std::vector<AuditEntry>;

const std::string key(32, 'k');

/// `plain` entries of before the chain, then `keyed` ones.
Entries chain(std::size_t plain, std::size_t keyed) {
    Entries out;
    base::Digest before{};
    for (std::size_t i = 0; i < plain + keyed; ++i) {
        AuditEntry entry{.n = i + 1,
                         .at = base::wall_time(1'700'000'000'000'000 + std::int64_t(i) * 1'000),
                         .actor = i % 3 == 0 ? "ann" : "bob",
                         .action = "alert.close",
                         .object = "a" + std::to_string(i % 7),
                         .details = R"({"i": )" + std::to_string(i) + "}",
                         .keyed = i >= plain};
        before = entry.mac = coverage::mac_of(key, before, entry);
        out.push_back(std::move(entry));
    }
    return out;
}

AuditAnchor end_of(const Entries& entries) {
    return entries.empty() ? AuditAnchor{} : AuditAnchor{entries.back().n, entries.back().mac};
}

/// As somebody would who can write the database and not the key: the head fits what is there.
AuditWalk walk(const Entries& entries, std::vector<AuditAnchor> anchors) {
    AuditWalk out(key, {}, std::move(anchors));
    for (const auto& entry : entries)
        if (!out.take(entry)) break;
    out.finish(end_of(entries));
    return out;
}

TEST(AuditChain, AWholeChainHasNoFault) {
    for (const std::size_t plain : {0U, 1U, 40U}) {
        const auto entries = chain(plain, 60);
        const auto found = walk(entries, {end_of(entries), {entries[3].n, entries[3].mac}});
        EXPECT_FALSE(found.fault());
        EXPECT_EQ(found.entries(), plain + 60);
        EXPECT_EQ(found.plain(), plain);
        EXPECT_EQ(found.last(), end_of(entries));
    }
}

TEST(AuditChain, GoesOnFromAnAnchor) {
    const auto entries = chain(2, 10);
    AuditWalk from(key, AuditAnchor{entries[7].n, entries[7].mac}, {});
    for (std::size_t i = 8; i < entries.size(); ++i) EXPECT_TRUE(from.take(entries[i]));
    from.finish(end_of(entries));
    EXPECT_FALSE(from.fault());
    EXPECT_EQ(from.entries(), 4);
}

TEST(AuditChain, OldNumbersMayHaveHoles) {
    auto entries = chain(3, 0);
    base::Digest before{};
    for (auto& entry : entries) {
        entry.n *= 5;
        before = entry.mac = coverage::mac_of(key, before, entry);
    }
    AuditEntry first{.n = 16, .action = "audit.begin", .details = "{}"};
    first.mac = coverage::mac_of(key, before, first);
    entries.push_back(first);
    EXPECT_FALSE(walk(entries, {}).fault());
}

TEST(AuditChain, WithoutAKeyedEntryIsNoChain) {
    EXPECT_EQ(walk({}, {}).fault()->n, 1) << "the first entry is written with the key";
    EXPECT_EQ(walk(chain(5, 0), {}).fault()->n, 6) << "all of it could have been made by anyone";
}

TEST(AuditChain, AnotherKeyFitsNothing) {
    const auto entries = chain(0, 3);
    AuditWalk other(std::string(32, 'x'), {}, {});
    EXPECT_FALSE(other.take(entries[0]));
    EXPECT_EQ(other.fault()->n, 1);
}

// What the mutation did first, in the numbers that people see.
std::uint64_t first_bad(const Entries& was, const Entries& is) {
    for (std::size_t i = 0; i < was.size(); ++i)
        if (i >= is.size() || !(was[i] == is[i])) return was[i].n;
    return was.back().n + 1;
}

class Mutation {
public:
    explicit Mutation(unsigned seed) : random_(seed) {}

    void apply(Entries& entries) {
        switch (below(8)) {
            case 0:
                return edit(entries[below(entries.size())]);
            case 1:
                return edit_and_seal(entries);
            case 2:
                return void(entries.erase(at(entries, below(entries.size()))));
            case 3:
                return std::swap(entries[below(entries.size())], entries[below(entries.size())]);
            case 4:
                return entries.resize(entries.size() - 1 - below(entries.size() - 1));
            case 5:
                return forge(entries);
            case 6:
                return renumbered_deletion(entries);
            default:
                return void(entries.insert(at(entries, below(entries.size())),
                                           entries[below(entries.size())]));
        }
    }

private:
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }
    static Entries::iterator at(Entries& entries, std::size_t place) {
        return entries.begin() + static_cast<std::ptrdiff_t>(place);
    }
    void edit(AuditEntry& entry) {
        switch (below(7)) {
            case 0:
                entry.actor += "x";
                break;
            case 1:
                entry.action = "alert.open";
                break;
            case 2:
                entry.object = "b";
                break;
            case 3:
                entry.details = "{}";
                break;
            case 4:
                entry.at += std::chrono::microseconds(1);
                break;
            case 5:
                entry.keyed = !entry.keyed;
                break;
            default:
                entry.mac[below(32)] ^= static_cast<std::uint8_t>(1u << below(8));
                break;
        }
    }
    /// With a mac that fits the contents, under a key that the forger made up or plain.
    void seal(Entries& entries, std::size_t from) {
        const std::string guessed(32, static_cast<char>('a' + below(8)));
        auto before = from == 0 ? base::Digest{} : entries[from - 1].mac;
        for (std::size_t i = from; i < entries.size(); ++i)
            before = entries[i].mac = coverage::mac_of(guessed, before, entries[i]);
    }
    void edit_and_seal(Entries& entries) {
        const auto place = below(entries.size());
        edit(entries[place]);
        seal(entries, place);
    }
    void forge(Entries& entries) {
        auto entry = entries[below(entries.size())];
        entry.n = entries.back().n + 1;
        entries.push_back(std::move(entry));
        if (below(2) == 0) seal(entries, entries.size() - 1);
    }
    void renumbered_deletion(Entries& entries) {
        const auto place = below(entries.size());
        entries.erase(at(entries, place));
        for (std::size_t i = place; i < entries.size(); ++i) --entries[i].n;
        seal(entries, place);
    }
    std::mt19937 random_;
};

TEST(AuditChain, FindsEachOf20000ForgeriesAndNamesTheFirstBadEntry) {
    unsigned looked = 0;
    for (unsigned seed = 0; looked < 20'000; ++seed) {
        const std::size_t plain = seed % 2 == 0 ? 0 : 12;
        static const Entries with_plain = chain(12, 20);
        static const Entries without = chain(0, 32);
        const Entries& was = plain > 0 ? with_plain : without;
        Entries is = was;
        Mutation mutation(seed);
        for (unsigned i = 0; i <= seed % 3; ++i)
            if (is.size() > 1) mutation.apply(is);
        if (is == was) continue;
        ++looked;
        const auto found = walk(is, {end_of(was)});
        ASSERT_TRUE(found.fault()) << "seed " << seed;
        const auto expected = first_bad(was, is);
        const auto first_keyed = std::ranges::find(is, true, &AuditEntry::keyed);
        std::uint64_t plain_until = 0;  // by the numbers that stand there
        for (auto entry = is.begin(); entry != first_keyed; ++entry)
            plain_until = std::max(plain_until, entry->n + 1);
        if (first_keyed == is.begin() || expected > plain_until) {
            ASSERT_EQ(found.fault()->n, expected) << "seed " << seed << found.fault()->what;
        } else {
            // Anyone can make plain entries again: the first keyed one tells that it was done.
            ASSERT_GE(found.fault()->n, expected) << "seed " << seed;
            ASSERT_LE(found.fault()->n, std::max(expected, plain_until)) << "seed " << seed;
        }
    }
}

TEST(AuditChain, OnlyAnAnchorShowsThatTheTailWasCut) {
    auto entries = chain(0, 20);
    const auto end = end_of(entries);
    entries.resize(12);
    EXPECT_FALSE(walk(entries, {}).fault()) << "a shorter chain is a chain";
    EXPECT_EQ(walk(entries, {end}).fault()->n, 13);
}

TEST(AuditChain, AHeadThatSaysMoreThanThereIsShowsACut) {
    auto entries = chain(0, 20);
    AuditWalk out(key, {}, {});
    for (std::size_t i = 0; i < 15; ++i) EXPECT_TRUE(out.take(entries[i]));
    out.finish(end_of(entries));
    EXPECT_EQ(out.fault()->n, 16);
}

TEST(AuditAnchor, IsWhatItWasAsTextAndUnderItsSeal) {
    const auto anchor = end_of(chain(0, 5));
    EXPECT_EQ(coverage::parse_anchor(coverage::to_text(anchor)), anchor);
    auto line = coverage::sealed(anchor, key);
    EXPECT_EQ(coverage::unsealed(line, key), anchor);
    EXPECT_FALSE(coverage::unsealed(line, std::string(32, 'x')));
    line[0] = '4';
    EXPECT_FALSE(coverage::unsealed(line, key)) << "another number under the old seal";
    for (const char* bad : {"", ":", "5", "5:", "x:00", "-1:00"})
        EXPECT_FALSE(coverage::parse_anchor(bad)) << bad;
}

/// As an erasure leaves the entry at `place`.
void erase_in(Entries& entries, std::size_t place, const std::string& under) {
    auto& entry = entries[place];
    entry.object = "erased-x";
    entry.details = "{}";
    const auto previous = place == 0 ? base::Digest{} : entries[place - 1].mac;
    entry.erased = coverage::erased_mac_of(under, previous, entry);
}

TEST(AuditChain, HoldsWhereAnErasureChangedEntries) {
    for (const std::size_t plain : {0U, 20U}) {
        auto entries = chain(plain, 30);
        for (const std::size_t place : {0U, 7U, 8U, 29U}) erase_in(entries, place, key);
        const auto found = walk(entries, {end_of(entries)});
        EXPECT_FALSE(found.fault());
        EXPECT_EQ(found.erased(), 4U);
        EXPECT_EQ(found.entries(), plain + 30);
    }
}

TEST(AuditChain, FindsAChangeThatIsPassedOffAsAnErasure) {
    auto forged = chain(0, 30);
    erase_in(forged, 9, std::string(32, 'x'));
    EXPECT_EQ(walk(forged, {}).fault().value().n, 10U);
    // What an erasure left is held as fast as what was written.
    for (int what = 0; what < 5; ++what) {
        auto entries = chain(0, 30);
        erase_in(entries, 9, key);
        auto& entry = entries[9];
        if (what == 0) entry.actor = "eve";
        if (what == 1) entry.details = R"({"a": 1})";
        if (what == 2) entry.at += std::chrono::microseconds(1);
        if (what == 3) entry.erased = entries[8].mac;
        if (what == 4) entry.mac = entries[8].mac;
        const auto fault = walk(entries, {}).fault();
        ASSERT_TRUE(fault) << what;
        EXPECT_EQ(fault->n, 10U) << what;
    }
    auto moved = chain(0, 30);
    erase_in(moved, 9, key);
    moved[12] = moved[9];
    moved[12].n = 13;
    EXPECT_EQ(walk(moved, {}).fault().value().n, 13U);
}

}  // namespace
