#include "base/recent_hashes.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>
#include <vector>

namespace base {
namespace {

/// The slow, obvious way.
class Oracle {
public:
    explicit Oracle(std::size_t capacity) : capacity_(capacity) {}
    bool insert(std::uint64_t hash) {
        if (!set_.insert(hash).second) return false;
        order_.push_back(hash);
        if (order_.size() > capacity_) {
            set_.erase(order_.front());
            order_.pop_front();
        }
        return true;
    }
    [[nodiscard]] std::vector<std::uint64_t> oldest_first() const {
        return {order_.begin(), order_.end()};
    }

private:
    std::size_t capacity_;
    std::deque<std::uint64_t> order_;
    std::set<std::uint64_t> set_;
};

std::vector<std::uint64_t> all(const RecentHashes& hashes) {
    std::vector<std::uint64_t> out;
    for (const auto some : hashes.oldest_first()) out.insert(out.end(), some.begin(), some.end());
    return out;
}

/// Draws that repeat, crowd into a few homes at both ends of the table, and share their tags.
std::uint64_t draw(std::mt19937_64& random, std::size_t capacity) {
    const std::uint64_t number = random() % (3 * capacity + 2);
    switch (random() % 4) {
        case 0:
            return number * 0x9e37'79b9'7f4a'7c15u;
        case 1:
            return ~(number << 40);  // one home, the last
        case 2:
            return number << 12;  // one home, the first, of a table of at most 4,096
        default:
            return number;
    }
}

TEST(RecentHashes, AgreeWithAListAndASet) {
    for (const std::size_t capacity : {1u, 2u, 3u, 7u, 8u, 50u, 511u, 512u, 513u, 1'000u}) {
        std::mt19937_64 random(capacity);
        RecentHashes hashes(capacity);
        Oracle oracle(capacity);
        for (int i = 0; i < 20'000; ++i) {
            const std::uint64_t hash = draw(random, capacity);
            hashes.prefetch(hash);
            ASSERT_EQ(hashes.insert(hash), oracle.insert(hash)) << capacity << ' ' << i;
            if (i % 997 != 0) continue;
            ASSERT_EQ(all(hashes), oracle.oldest_first()) << capacity << ' ' << i;
        }
        EXPECT_EQ(all(hashes), oracle.oldest_first()) << capacity;
    }
}

TEST(RecentHashes, ForgetTheOldestAtTheirCapacityAndNotBefore) {
    RecentHashes hashes(3);
    for (const std::uint64_t hash : {1u, 2u, 3u}) EXPECT_TRUE(hashes.insert(hash));
    EXPECT_FALSE(hashes.insert(1)) << "full, and nothing is forgotten";
    EXPECT_TRUE(hashes.insert(4)) << "1 is forgotten";
    EXPECT_FALSE(hashes.insert(2)) << "met again, it is not newer";
    EXPECT_TRUE(hashes.insert(1)) << "2 is forgotten";
    EXPECT_FALSE(hashes.insert(3));
    EXPECT_TRUE(hashes.insert(2));
    EXPECT_EQ(hashes.size(), 3u);
}

TEST(RecentHashes, TakeZeroAndAllOnesForHashesLikeOthers) {
    RecentHashes hashes(2);
    EXPECT_TRUE(hashes.insert(0));
    EXPECT_TRUE(hashes.insert(UINT64_MAX));
    EXPECT_FALSE(hashes.insert(0));
    EXPECT_FALSE(hashes.insert(UINT64_MAX));
}

TEST(RecentHashes, AreEmptyAndUsableOnceCleared) {
    RecentHashes hashes(100);
    for (std::uint64_t hash = 0; hash < 130; ++hash) EXPECT_TRUE(hashes.insert(hash << 20));
    hashes.clear();
    EXPECT_EQ(hashes.size(), 0u);
    EXPECT_TRUE(hashes.insert(129 << 20));
    EXPECT_EQ(all(hashes), std::vector<std::uint64_t>{129 << 20});
}

}  // namespace
}  // namespace base
