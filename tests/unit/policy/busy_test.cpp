#include "policy/load.hpp"

#include "policy/busy.hpp"

#include <gtest/gtest.h>

namespace {

using policy::Busy;

struct Told final : Busy {
    void at(policy::PolicyIndex policy) noexcept override { turns.push_back(policy); }
    std::vector<policy::PolicyIndex> turns;
};

class Suspended : public testing::Test {
protected:
    Suspended()
        : set_(test::load("title: one\nlogsource: { category: api_call }\ndetection:\n"
                          "  s: { f|re: 'a+b' }\n  condition: s\n"
                          "---\ntitle: two\nlogsource: { category: api_call }\ndetection:\n"
                          "  s: { f|re: 'a+b', g: 1 }\n  condition: s\n"
                          "---\ntitle: three\nlogsource: { category: api_call }\ndetection:\n"
                          "  s: { g: 1 }\n  condition: s\n")),
          names_(std::make_shared<call::Names>()),
          batch_((set_->want(*names_), names_)),
          matcher_(set_, names_, true) {
        fake::append(batch_, {{"f", "aab"}, {"g", 1}});
    }
    std::vector<policy::PolicyIndex> found() {
        std::vector<policy::PolicyIndex> out;
        matcher_.match(batch_[0], matcher_.route({}), out);
        return out;
    }
    using Found = std::vector<policy::PolicyIndex>;
    std::shared_ptr<const policy::Set> set_;
    std::shared_ptr<call::Names> names_;
    call::Batch batch_;
    policy::Matcher matcher_;
};

TEST_F(Suspended, IsNotTriedAndTheOthersAreAsEver) {
    EXPECT_EQ(found(), (Found{0, 1, 2}));
    matcher_.suspend({true, false, false});
    EXPECT_EQ(found(), (Found{1, 2})) << "also the one that shares its expression";
    matcher_.suspend({false, true, true});
    EXPECT_EQ(found(), Found{0});
    matcher_.suspend({});
    EXPECT_EQ(found(), (Found{0, 1, 2}));
}

TEST_F(Suspended, IsAtNobodysComparisons) {
    Told told;
    matcher_.watch(&told);
    (void)found();
    EXPECT_EQ(told.turns, (Found{0, Busy::nobody}))
        << "for the first that asks, and for no look-up";
    told.turns.clear();
    matcher_.suspend({true, false, false});
    (void)found();
    EXPECT_EQ(told.turns, (Found{1, Busy::nobody}));
    told.turns.clear();
    matcher_.watch(nullptr);
    (void)found();
    EXPECT_TRUE(told.turns.empty());
}

TEST(Cut, CountsWhatIsNotLookedAtWhenNothingWasFound) {
    const auto set = test::load(test::selection("f|re: 'a+b'"));
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    policy::Matcher matcher(set, names, true);
    const auto cut = [&](const std::string& text) {
        call::Batch batch(names);
        fake::append(batch, {{"f", text}});
        std::vector<policy::PolicyIndex> out;
        const auto before = matcher.cut();
        matcher.match(batch[0], matcher.route({}), out);
        return matcher.cut() - before;
    };
    EXPECT_EQ(cut(std::string(4096, 'b')), 0);
    EXPECT_EQ(cut(std::string(4097, 'b')), 1);
    EXPECT_EQ(cut("ab" + std::string(5000, 'x')), 0) << "found";
    EXPECT_EQ(cut(std::string(4096, 'b') + "ab"), 1) << "what is not seen is told of";
}

}  // namespace
