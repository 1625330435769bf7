#include "policy/load.hpp"
TEST(Quick, Works) { EXPECT_TRUE(test::holds(test::selection("a: b"), R"({"a":"B"})")); }
