#include "coverage/merkle.hpp"

#include "coverage/chain.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace coverage {
namespace {

using base::Digest;

std::vector<Digest> leaves(std::size_t size) {
    std::vector<Digest> out;
    for (std::size_t i = 0; i < size; ++i) out.push_back(merkle::leaf(std::to_string(i)));
    return out;
}

/// The root as section 2.1 of RFC 6962 defines it, level by level: a last one without a partner
/// goes up as it is.
Digest root_by_levels(std::vector<Digest> level) {
    while (level.size() > 1) {
        std::vector<Digest> above;
        for (std::size_t i = 0; i + 1 < level.size(); i += 2)
            above.push_back(merkle::node(level[i], level[i + 1]));
        if (level.size() % 2 == 1) above.push_back(level.back());
        level = std::move(above);
    }
    return level.front();
}

TEST(Merkle, HasTheRootsOfTheStandard) {
    EXPECT_EQ(base::hex(merkle::root({})),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::vector<Digest> one{merkle::leaf("")};
    EXPECT_EQ(base::hex(merkle::root(one)),
              "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Merkle, RootIsThatOfItsLevels) {
    for (std::size_t size = 1; size < 70; ++size)
        EXPECT_EQ(merkle::root(leaves(size)), root_by_levels(leaves(size))) << size;
}

TEST(Merkle, EveryLeafIsProvedAndNoOther) {
    for (std::size_t size = 1; size < 40; ++size) {
        const auto all = leaves(size);
        const auto root = merkle::root(all);
        for (std::size_t i = 0; i < size; ++i) {
            const auto proof = merkle::proof(all, i);
            EXPECT_EQ(merkle::root_of_proof(all[i], i, size, proof), root);
            for (std::size_t other = 0; other < size; ++other) {
                if (other == i) continue;
                EXPECT_NE(merkle::root_of_proof(all[other], i, size, proof), root);
                EXPECT_NE(merkle::root_of_proof(all[i], other, size, proof), root);
            }
        }
    }
}

TEST(Merkle, ADamagedProofProvesNothing) {
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        const std::size_t size = 2 + random() % 60, index = random() % size;
        const auto all = leaves(size);
        auto proof = merkle::proof(all, index);
        switch (random() % 4) {
            case 0:
                proof[random() % proof.size()][random() % 32] ^=
                    static_cast<std::uint8_t>(1u << random() % 8);
                break;
            case 1:
                proof.pop_back();
                break;
            case 2:
                proof.push_back(proof.front());
                break;
            default:
                proof.erase(proof.begin());
        }
        EXPECT_NE(merkle::root_of_proof(all[index], index, size, proof), merkle::root(all));
    }
    EXPECT_EQ(merkle::root_of_proof(leaves(1)[0], 1, 1, {}), std::nullopt);
    EXPECT_EQ(merkle::root_of_proof(leaves(1)[0], 0, 0, {}), std::nullopt);
}

TEST(Merkle, ANodeIsNoLeaf) {
    const auto two = leaves(2);
    std::string both(two[0].begin(), two[0].end());
    both.append(two[1].begin(), two[1].end());
    EXPECT_NE(merkle::leaf(both), merkle::root(two));
}

TEST(Chain, AHeadDependsOnAllThatTheEntrySays) {
    const Link link{.from = 1, .to = 2, .records = 3, .at = base::wall_time(4)};
    std::set<Digest> heads{head_of({}, link)};
    Digest before{};
    before[31] = 1;
    EXPECT_TRUE(heads.insert(head_of(before, link)).second);
    for (int change = 0; change < 5; ++change) {
        Link other = link;
        if (change == 0) other.from = 9;
        if (change == 1) other.to = 9;
        if (change == 2) other.records = 9;
        if (change == 3) other.at = base::wall_time(9);
        if (change == 4) other.root[0] = 9;
        EXPECT_TRUE(heads.insert(head_of({}, other)).second) << change;
    }
}

TEST(Chain, LeavesOfBlocksAndRecordsAreTold) {
    const auto x = base::sha256("x"), y = base::sha256("y");
    EXPECT_NE(block_leaf(1, x), block_leaf(2, x));
    EXPECT_NE(block_leaf(1, x), block_leaf(1, y));
    EXPECT_NE(record_leaf(1, 0, "x"), record_leaf(1, 1, "x"));
    EXPECT_NE(record_leaf(1, 0, "x"), block_leaf(1, x));
}

}  // namespace
}  // namespace coverage
