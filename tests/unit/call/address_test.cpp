#include "call/address.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Address, RefusesWhatIsNoExactAddress) {
    for (const auto* text :
         {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.4:80", "[::1]", "fe80::1%eth0",
          "10.0.0.0/8", " 1.2.3.4", "1.2.3.4 ", "1..3.4", "::ffff:1.2.3"}) {
        EXPECT_FALSE(call::parse_address(text)) << text;
    }
    EXPECT_FALSE(call::parse_address(std::string_view("::1\0x", 5)));
}

TEST(Address, PrintsTheShortestForm) {
    EXPECT_EQ(call::to_text(*call::parse_address("2001:DB8:0:0::1")), "2001:db8::1");
    EXPECT_EQ(call::to_text(*call::parse_address("192.0.2.7")), "192.0.2.7");
}

TEST(Address, UnwrapsMappedIpv4Only) {
    EXPECT_EQ(call::to_text(call::unmapped(*call::parse_address("::ffff:192.0.2.7"))), "192.0.2.7");
    EXPECT_TRUE(call::unmapped(*call::parse_address("::fffe:192.0.2.7")).v6);
}

TEST(Network, RefusesHostBitsAndBadPrefixes) {
    for (const auto* text :
         {"10.1.2.3/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129"}) {
        EXPECT_FALSE(call::parse_network(text)) << text;
    }
}

TEST(Network, ContainsAtItsEdges) {
    const auto network = *call::parse_network("172.16.0.0/12");
    EXPECT_TRUE(network.contains(*call::parse_address("172.16.0.0")));
    EXPECT_TRUE(network.contains(*call::parse_address("172.31.255.255")));
    EXPECT_FALSE(network.contains(*call::parse_address("172.32.0.0")));
    EXPECT_FALSE(network.contains(*call::parse_address("::ffff:172.16.0.1")));
    EXPECT_TRUE(
        call::parse_network("0.0.0.0/0")->contains(*call::parse_address("255.255.255.255")));
}

TEST(Network, OfAnAddressClearsTheRest) {
    EXPECT_EQ(call::to_text(call::network_of(*call::parse_address("198.51.100.77"), 24)),
              "198.51.100.0/24");
    EXPECT_EQ(call::to_text(call::network_of(*call::parse_address("2001:db8:1:2::5"), 48)),
              "2001:db8:1::/48");
}

}  // namespace
