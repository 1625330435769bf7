#include "correlate/buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using correlate::Buffer;
using correlate::Pending;

bool by_group(const Pending& a, const Pending& b) {
    return a.group < b.group;
}

/// What is due, in its whole order.
template <class Tie>
std::span<const Pending> ordered(Buffer<Tie>& buffer, std::int64_t until) {
    const auto due = buffer.due(until);
    for (std::size_t i = 0; i < due.size();) i += buffer.order_front(due.subspan(i));
    return due;
}

TEST(Buffer, GivesWhatIsDueInOrderOfTimeAndId) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        Buffer buffer(by_group);
        std::vector<std::pair<std::int64_t, std::uint64_t>> given;
        std::vector<std::pair<std::int64_t, std::uint64_t>> taken;
        std::int64_t watermark = 0;
        for (int step = 0; step < 20; ++step) {
            for (std::uint64_t n = random() % 50; n > 0; --n) {
                Pending pending;
                pending.time = watermark + 1 + static_cast<std::int64_t>(random() % 30);
                pending.id = random() % 5;
                pending.ref = {random() % 1'000, 0};
                buffer.push(pending);
                given.emplace_back(pending.time, pending.id);
            }
            watermark += static_cast<std::int64_t>(random() % 10);
            const auto due = ordered(buffer, watermark);
            for (const Pending& pending : due) {
                EXPECT_LE(pending.time, watermark);
                taken.emplace_back(pending.time, pending.id);
            }
            buffer.pop(due.size());
        }
        for (const Pending& pending : ordered(buffer, 1'000'000)) {
            taken.emplace_back(pending.time, pending.id);
        }
        std::ranges::sort(given);
        EXPECT_EQ(taken, given);
    }
}

TEST(Buffer, MatchesOfOneCallStayTogether) {
    Buffer buffer(by_group);
    const auto push = [&](std::uint64_t block, std::uint32_t group) {
        Pending pending;
        pending.time = 5;
        pending.id = 9;
        pending.ref = {block, 0};
        pending.group = group;
        buffer.push(pending);
    };
    push(2, 1);
    push(1, 2);
    push(2, 0);
    push(1, 1);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
    for (const Pending& pending : ordered(buffer, 5))
        order.emplace_back(pending.ref.unpack().block, pending.group);
    const decltype(order) expected{{1, 1}, {1, 2}, {2, 0}, {2, 1}};
    EXPECT_EQ(order, expected);
}

TEST(Buffer, KeepsTheOrderOfThoseThatAreNotRemoved) {
    std::mt19937_64 random(9);
    for (int round = 0; round < 300; ++round) {
        Buffer buffer(by_group);
        std::vector<std::pair<std::int64_t, std::uint64_t>> expected;
        std::int64_t watermark = 0;
        for (int step = 0; step < 6; ++step) {
            for (std::uint64_t n = random() % 40; n > 0; --n) {
                Pending pending;
                pending.time = watermark + 1 + static_cast<std::int64_t>(random() % 30);
                pending.id = random();
                pending.group = static_cast<correlate::GroupId>(random() % 4);
                buffer.push(pending);
            }
            if (random() % 3 != 0) {
                const auto group = random() % 4;
                const auto gone = [&](const Pending& pending) { return pending.group == group; };
                const auto others = buffer.size() - static_cast<std::size_t>(
                                                        std::ranges::count_if(buffer.all(), gone));
                buffer.erase_if(gone);
                EXPECT_EQ(buffer.size(), others);
                EXPECT_TRUE(std::ranges::none_of(buffer.all(), gone));
            }
            expected.clear();
            for (const Pending& pending : buffer.all())
                expected.emplace_back(pending.time, pending.id);
            std::ranges::sort(expected);
            watermark += static_cast<std::int64_t>(random() % 20);
            const auto due = ordered(buffer, watermark);
            for (std::size_t i = 0; i < due.size(); ++i)
                ASSERT_EQ(std::pair(due[i].time, due[i].id), expected[i]);
            buffer.pop(due.size());
        }
    }
}

TEST(Buffer, HoldsOnlyWhatWaits) {
    Buffer buffer(by_group);
    for (int i = 0; i < 1'000'000; ++i) {
        Pending pending;
        pending.time = i;
        buffer.push(pending);
        if (i % 100 == 0) buffer.pop(buffer.due(i - 50).size());
    }
    EXPECT_LE(buffer.size(), 200u);
    EXPECT_LE(buffer.bytes(), 200'000u);
}

}  // namespace
