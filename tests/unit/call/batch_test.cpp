#include "call/batch.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

std::shared_ptr<const call::Names> names_of(std::initializer_list<std::string_view> wanted) {
    auto names = std::make_shared<call::Names>();
    for (const auto name : wanted) names->add(name);
    return names;
}

TEST(Names, GiveShortAndDottedNamesOneSlot) {
    const auto names = names_of({"tenant_uid", "metadata.tenant_uid", "userIdentity.type"});
    EXPECT_EQ(names->size(), 2u);
    EXPECT_EQ(names->slot(call::Field::tenant_uid), 0);
    EXPECT_EQ(names->find("userIdentity.type"), 1);
    EXPECT_EQ(names->find("userIdentity"), call::no_slot);
    EXPECT_EQ(names->slot(call::Field::operation), call::no_slot);
}

TEST(Batch, StartsARowWithEverySlotAbsent) {
    call::Batch batch(names_of({"api.operation", "status_id"}));
    batch.append().values[0] = call::Value::of(std::string_view("Detect"));
    batch.append();
    EXPECT_EQ(batch[0].get(call::Field::operation).text(), "Detect");
    EXPECT_TRUE(batch[1].get(call::Field::operation).absent());
    EXPECT_TRUE(batch[1].get(call::Field::key_uid).absent());
}

TEST(Batch, KeepsTextAcrossMovesAndGrowth) {
    call::Batch batch(names_of({"a"}));
    std::vector<std::string_view> kept;
    for (int i = 0; i < 20'000; ++i)
        kept.push_back(batch.keep(std::string(std::size_t(i % 97), 'x') + std::to_string(i)));
    const auto large = batch.keep(std::string(300'000, 'y'));
    const call::Batch moved = std::move(batch);
    for (int i = 0; i < 20'000; ++i) {
        ASSERT_EQ(kept[std::size_t(i)], std::string(std::size_t(i % 97), 'x') + std::to_string(i));
    }
    EXPECT_EQ(large, std::string(300'000, 'y'));
}

TEST(Batch, AlignsListsBehindOddText) {
    call::Batch batch(names_of({"a"}));
    std::ignore = batch.keep(std::string_view("odd"));
    const call::Value elements[] = {call::Value::of(std::int64_t{1}), call::Value::null()};
    const auto list = batch.keep(std::span<const call::Value>(elements));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(list.data()) % alignof(call::Value), 0u);
    EXPECT_EQ(list[0].integer(), 1);
    EXPECT_EQ(call::Value::of(list).each().size(), 2u);
}

TEST(Batch, ForgetsCallsOnClearAndDropsTheLast) {
    call::Batch batch(names_of({"a"}));
    batch.append();
    batch.append().values[0] = call::Value::of(true);
    batch.drop_last();
    EXPECT_EQ(batch.size(), 1u);
    batch.clear();
    EXPECT_EQ(batch.size(), 0u);
    EXPECT_TRUE(batch.append().values[0].absent());
}

TEST(Value, PrintsScalarsAsPoliciesSeeThem) {
    std::string scratch;
    std::string_view text;
    EXPECT_TRUE(call::scalar_text(call::Value::of(42.0), scratch, text));
    EXPECT_EQ(text, "42");
    EXPECT_TRUE(call::scalar_text(call::Value::of(0.1), scratch, text));
    EXPECT_EQ(text, "0.1");
    EXPECT_TRUE(call::scalar_text(call::Value::of(UINT64_MAX), scratch, text));
    EXPECT_EQ(text, "18446744073709551615");
    EXPECT_TRUE(call::scalar_text(call::Value::of(true), scratch, text));
    EXPECT_EQ(text, "true");
    EXPECT_FALSE(call::scalar_text(call::Value::null(), scratch, text));
    EXPECT_FALSE(call::scalar_text(call::Value::object(), scratch, text));
}

}  // namespace
