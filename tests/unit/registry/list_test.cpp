#include "registry/list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(List, SkipsCommentsAndBlanksAndKeepsHashesInsideValues) {
    const auto values =
        parse_list("x", "\xef\xbb\xbf# a comment\r\n\r\n  one \r\ntwo # three\n#no\n");
    ASSERT_TRUE(values);
    EXPECT_THAT(*values, ElementsAre("one", "two # three"));
}

TEST(List, NamesEveryBadLine) {
    const auto values = parse_list("ops", "a\nb\xff\na\n" + std::string(1'025, 'x') + "\nok\x01\n");
    ASSERT_FALSE(values);
    EXPECT_THAT(values.error().reason, HasSubstr("list ops: line 2: not UTF-8; line 3: a value"));
    EXPECT_THAT(values.error().reason, HasSubstr("line 4: longer"));
    EXPECT_THAT(values.error().reason, HasSubstr("line 5: control"));
}

TEST(List, RefusesAListWithoutValues) {
    EXPECT_FALSE(parse_list("x", "# nothing\n"));
}

TEST(List, EveryShippedListLoads) {
    int found = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(CALLERPRINT_ROOT "/config/lists")) {
        std::ifstream file(entry.path());
        std::stringstream text;
        text << file.rdbuf();
        const auto values = parse_list(entry.path().stem().string(), text.str());
        EXPECT_TRUE(values) << (values ? "" : values.error().reason);
        ++found;
    }
    EXPECT_GE(found, 5);
}

}  // namespace
}  // namespace registry
