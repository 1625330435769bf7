#include "enrich/range_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace enrich {
namespace {

using testing::HasSubstr;
using Layout = RangeTable::Layout;

std::shared_ptr<const RangeTable> table(std::string_view text, Layout layout,
                                        std::string_view kind = {}) {
    auto out = RangeTable::parse("t", text, layout, kind);
    EXPECT_TRUE(out) << (out ? "" : out.error().reason);
    return out ? *out : nullptr;
}

NetworkFacts facts(const RangeTable& of, std::string_view address) {
    NetworkFacts out;
    of.look_up(*call::parse_address(address), out);
    return out;
}

TEST(RangeTable, FindsAddressesByTextAndByNumber) {
    const auto asn = table(
        "first,last,asn,name\n"
        "16777216,16777471,13335,\"Cloud, Inc.\"\n"
        "10.0.0.0,10.0.0.255,64500,Ten\n"
        "2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,64501,Six\n"
        "192.0.2.0,192.0.2.255,0,Not routed\n",
        Layout::asn);
    EXPECT_EQ(facts(*asn, "1.0.0.7").asn, 13335u);
    EXPECT_EQ(facts(*asn, "1.0.0.7").as_name, "Cloud, Inc.");
    EXPECT_EQ(facts(*asn, "10.0.0.0").asn, 64500u);
    EXPECT_EQ(facts(*asn, "10.0.0.255").asn, 64500u);
    EXPECT_EQ(facts(*asn, "2001:db8::1").as_name, "Six");
    for (const char* outside : {"0.255.255.255", "1.0.1.0", "10.0.1.0", "192.0.2.1",
                                "2001:db8:1::", "::", "255.255.255.255"}) {
        EXPECT_FALSE(facts(*asn, outside).asn) << outside;
    }
}

TEST(RangeTable, ReadsCountriesAndSkipsThoseThatSayNothing) {
    const auto country = table("1.0.0.0,1.0.0.255,AU\n2.0.0.0,2.0.0.255,None\n", Layout::country);
    EXPECT_EQ(facts(*country, "1.0.0.1").country, "AU");
    EXPECT_EQ(facts(*country, "2.0.0.1").country, "");
}

TEST(RangeTable, ReadsBlocksOfOneKind) {
    const auto vpn =
        table("# list\n192.0.2.0/25\r\n2001:db8::/33\n198.51.100.7\n", Layout::kind, "vpn");
    EXPECT_EQ(facts(*vpn, "192.0.2.127").kind, "vpn");
    EXPECT_EQ(facts(*vpn, "192.0.2.128").kind, "");
    EXPECT_EQ(facts(*vpn, "198.51.100.7").kind, "vpn");
    EXPECT_EQ(facts(*vpn, "2001:db8:7fff::").kind, "vpn");
    EXPECT_EQ(facts(*vpn, "2001:db8:8000::").kind, "");
}

TEST(RangeTable, LetsTheNarrowerNetworkWin) {
    const auto kinds = table("network,kind\n10.0.0.0/8,isp\n10.1.0.0/16,hosting\n10.1.2.0/24,vpn\n",
                             Layout::kinds);
    EXPECT_EQ(facts(*kinds, "10.0.0.1").kind, "isp");
    EXPECT_EQ(facts(*kinds, "10.1.0.1").kind, "hosting");
    EXPECT_EQ(facts(*kinds, "10.1.2.3").kind, "vpn");
    EXPECT_EQ(facts(*kinds, "10.1.3.0").kind, "hosting");
    EXPECT_EQ(facts(*kinds, "10.2.0.0").kind, "isp");
}

TEST(RangeTable, KeepsWhatAnEarlierTableSaid) {
    const auto kind = table("10.0.0.0/8\n", Layout::kind, "vpn");
    NetworkFacts known;
    known.kind = "tor";
    kind->look_up(*call::parse_address("10.0.0.1"), known);
    EXPECT_EQ(known.kind, "tor");
}

TEST(RangeTable, NamesTheLinesThatAreWrong) {
    const auto out = RangeTable::parse("asn",
                                       "1.0.0.0,1.0.0.255,1,ok\n"
                                       "1.0.1.0,1.0.0.0,1,down\n"
                                       "1.0.1.0,::1,1,mixed\n"
                                       "1.0.1.x,1.0.1.9,1,no\n"
                                       "1.0.1.0,1.0.1.9,AS1,no\n"
                                       "1.0.1.0,1.0.1.9,\"1,open\n"
                                       "1,2,3\n",
                                       Layout::asn);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().fault, base::Fault::invalid);
    for (const char* line : {"line 2:", "line 3:", "line 4:", "line 5:", "line 6:", "line 7:"})
        EXPECT_THAT(out.error().reason, HasSubstr(line));
    EXPECT_FALSE(RangeTable::parse("k", "10.0.0.1/8\n", Layout::kind, "vpn"));
    EXPECT_FALSE(RangeTable::parse("k", "10.0.0.0/8\n", Layout::kind, "spaceship"));
    EXPECT_FALSE(RangeTable::parse("k", "", Layout::kind, "vpn"));
}

TEST(RangeTable, IsNamedByTheDigestOfItsText) {
    EXPECT_EQ(table("10.0.0.0/8\n", Layout::kind, "vpn")->version(),
              table("10.0.0.0/8\n", Layout::kind, "vpn")->version());
    EXPECT_NE(table("10.0.0.0/8\n", Layout::kind, "vpn")->version(),
              table("11.0.0.0/8\n", Layout::kind, "vpn")->version());
}

TEST(RangeTable, EqualsALinearScan) {
    std::mt19937 random(5);
    for (int round = 0; round < 300; ++round) {
        struct Line {
            std::uint32_t first, last, asn;
        };
        std::vector<Line> lines;
        std::string text;
        for (unsigned i = 1 + random() % 25; i > 0; --i) {
            // Around both ends of the address space, where adding one wraps.
            const std::uint32_t base = random() % 2 == 0 ? 0 : 0xffffff00u;
            auto a = static_cast<std::uint32_t>(base + random() % 256);
            auto b = static_cast<std::uint32_t>(base + random() % 256);
            if (a > b) std::swap(a, b);
            lines.push_back({a, b, static_cast<std::uint32_t>(1 + random() % 5)});
            text += std::to_string(a) + "," + std::to_string(b) + "," +
                    std::to_string(lines.back().asn) + ",n\n";
        }
        const auto built = table(text, Layout::asn);
        for (std::uint32_t i = 0; i < 512; ++i) {
            const std::uint32_t point = i < 256 ? i : 0xffffff00u + (i - 256);
            const Line* winner = nullptr;
            for (const auto& line : lines) {
                if (point < line.first || point > line.last) continue;
                if (winner == nullptr || line.last - line.first <= winner->last - winner->first)
                    winner = &line;
            }
            call::Address address;
            for (std::size_t byte = 0; byte < 4; ++byte)
                address.bytes[byte] = static_cast<std::uint8_t>(point >> (24 - 8 * byte));
            NetworkFacts found;
            built->look_up(address, found);
            ASSERT_EQ(found.asn.has_value(), winner != nullptr) << point;
            if (winner != nullptr) ASSERT_EQ(*found.asn, winner->asn) << point << "\n" << text;
        }
    }
}

TEST(RangeTable, EqualsALinearScanOverNestedNetworksOfIpv6) {
    std::mt19937 random(6);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::pair<call::Network, std::string>> lines;
        std::string text;
        for (unsigned i = 1 + random() % 20; i > 0; --i) {
            call::Address address;
            address.v6 = true;
            address.bytes[0] = static_cast<std::uint8_t>(random());
            address.bytes[7] = static_cast<std::uint8_t>(random());
            const auto network = call::network_of(address, static_cast<unsigned>(random() % 129));
            const std::string kind = random() % 2 == 0 ? "vpn" : "isp";
            lines.emplace_back(network, kind);
            text += call::to_text(network) + "," + kind + "\n";
        }
        const auto built = table(text, Layout::kinds);
        for (int probe = 0; probe < 300; ++probe) {
            call::Address address;
            address.v6 = true;
            address.bytes[0] = static_cast<std::uint8_t>(random());
            address.bytes[7] = static_cast<std::uint8_t>(random());
            std::string expected;
            unsigned best = 0;
            for (const auto& [network, kind] : lines) {
                if (network.contains(address) && network.prefix >= best) {
                    best = network.prefix;
                    expected = kind;
                }
            }
            NetworkFacts found;
            built->look_up(address, found);
            ASSERT_EQ(found.kind, expected);
        }
    }
}

}  // namespace
}  // namespace enrich
