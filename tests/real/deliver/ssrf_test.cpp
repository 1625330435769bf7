// Webhook targets that are not part of this repository: each decided as its row says.
#include "deliver/gate.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace {

TEST(Ssrf, DecidesEveryTargetAsItsRowSays) {
    const char* shared = std::getenv("CALLERPRINT_SHARED");
    std::ifstream in((shared != nullptr ? std::string(shared) : CALLERPRINT_ROOT "/../shared") +
                     "/badinput/url/ssrf-targets.tsv");
    ASSERT_TRUE(in);
    const auto gate = deliver::Gate::make({});
    ASSERT_TRUE(gate);
    std::string line;
    std::getline(in, line);
    std::size_t rows = 0;
    while (std::getline(in, line)) {
        const auto tab = line.find('\t');
        const auto target = line.substr(0, tab);
        const auto rest = line.substr(tab + 1);
        ++rows;
        EXPECT_EQ(gate->check(target, false).has_value(), rest.starts_with("allow\t")) << target;
        // The scheme alone must not be what saves us.
        auto over_tls = target;
        if (over_tls.starts_with("http:")) over_tls.insert(4, "s");
        const bool name_resolves = rest.contains("resolves private");
        const bool public_name = rest.contains("plain text");
        if (rest.starts_with("block") && !public_name && !name_resolves) {
            EXPECT_FALSE(gate->check(over_tls, false)) << over_tls;
        }
        if (name_resolves) {
            EXPECT_FALSE(gate->allows("127.0.0.1", false));
        }
    }
    EXPECT_GT(rows, 50U);
}

}  // namespace
