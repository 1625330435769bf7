#include "policy/problem.hpp"

#include <gtest/gtest.h>

namespace {

policy::Advice advice(const std::string& what) {
    return policy::advice_of({"f", 1, 1, false, what});
}

TEST(Advice, IsWhatToWriteInstead) {
    const auto meant = advice("unknown modifier 'contans'; did you mean 'contains'?");
    EXPECT_EQ(meant.message, "unknown modifier 'contans'");
    EXPECT_EQ(meant.hint, "did you mean 'contains'?");
    const auto write = advice("'10.0.0.1/8' is no network: write an address, such as 10.0.0.0/8");
    EXPECT_EQ(write.message, "'10.0.0.1/8' is no network");
    EXPECT_EQ(write.hint, "write an address, such as 10.0.0.0/8");
}

TEST(Advice, IsEmptyWhereTheTextHasNone) {
    for (const char* what : {"condition: there is no selection 'x'", "a condition must be text",
                             "not valid YAML: bad", "selection 'a: writer' is odd"}) {
        EXPECT_EQ(advice(what).message, what);
        EXPECT_EQ(advice(what).hint, "");
    }
}

}  // namespace
