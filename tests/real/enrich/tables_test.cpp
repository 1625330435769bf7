// Public MaxMind test databases, a table of all IPv4 systems, and lists of cloud and VPN networks,
// which are not part of this repository. $CALLERPRINT_SHARED names the folder they stand in.

#include "enrich/mmdb_table.hpp"
#include "enrich/range_table.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <boost/json.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace {

using enrich::MmdbTable;
using enrich::NetworkFacts;
using enrich::RangeTable;

std::filesystem::path data() {
    const char* shared = std::getenv("CALLERPRINT_SHARED");
    return std::filesystem::path(shared == nullptr ? "../shared" : shared) / "data";
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string read_gzip(const std::filesystem::path& path) {
    std::string out;
    gzFile file = gzopen(path.c_str(), "rb");
    EXPECT_NE(file, nullptr) << path;
    char room[65536];
    for (int size = 0; file != nullptr && (size = gzread(file, room, sizeof room)) > 0;)
        out.append(room, static_cast<std::size_t>(size));
    if (file != nullptr) gzclose(file);
    return out;
}

NetworkFacts look_up(const enrich::Table& table, const call::Address& address) {
    NetworkFacts out;
    table.look_up(address, out);
    return out;
}

TEST(RealTables, EveryDatabaseOpensAndAnswersAnyAddress) {
    std::mt19937 random(1);
    int found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data() / "mmdb")) {
        if (entry.path().extension() != ".mmdb") continue;
        const auto table = MmdbTable::open(entry.path().filename(), entry.path());
        ASSERT_TRUE(table) << table.error().reason;
        ++found;
        for (int i = 0; i < 50'000; ++i) {
            call::Address address;
            address.v6 = i % 2 == 0;
            for (std::size_t byte = 0; byte < (address.v6 ? 16u : 4u); ++byte)
                address.bytes[byte] = static_cast<std::uint8_t>(random());
            (void)look_up(**table, address);
        }
        EXPECT_EQ((*table)->damaged(), 0) << entry.path();
    }
    EXPECT_GE(found, 12);
}

TEST(RealTables, TheAsnDatabaseSaysWhatItsSourceSays) {
    const auto table = MmdbTable::open("asn", data() / "mmdb/GeoLite2-ASN-Test.mmdb");
    ASSERT_TRUE(table);
    const auto source =
        boost::json::parse(read_file(data() / "mmdb/source/GeoLite2-ASN-Test.json"));
    std::size_t compared = 0;
    for (const auto& row : source.as_array()) {
        for (const auto& [text, record] : row.as_object()) {
            const auto network = call::parse_network(std::string_view(text));
            if (!network) continue;
            const auto facts = look_up(**table, call::unmapped(network->start));
            const auto& fields = record.as_object();
            if (!fields.contains("autonomous_system_number")) continue;
            EXPECT_EQ(facts.asn, fields.at("autonomous_system_number").as_int64()) << text;
            if (const auto* name = fields.if_contains("autonomous_system_organization"))
                EXPECT_EQ(facts.as_name, std::string_view(name->as_string())) << text;
            ++compared;
        }
    }
    EXPECT_GT(compared, 400u);
}

TEST(RealTables, AWholeWorldOfSystemsLoadsInSecondsAndAnswersItsOwnLines) {
    const std::string text = read_gzip(data() / "mmdb/asn-ipv4-num.csv.gz");
    const auto started = std::chrono::steady_clock::now();
    const auto table = RangeTable::parse("asn", text, RangeTable::Layout::asn);
    ASSERT_TRUE(table) << table.error().reason;
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{20});
    EXPECT_GT((*table)->size(), 300'000u);
    std::size_t line = 0;
    for (std::size_t at = 0; at < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (line % 97 == 0) {
            unsigned first = 0;
            unsigned last = 0;
            unsigned asn = 0;
            ASSERT_EQ(
                std::sscanf(text.substr(at, end - at).c_str(), "%u,%u,%u", &first, &last, &asn), 3);
            for (const unsigned point : {first, last, first + (last - first) / 2}) {
                call::Address address;
                for (std::size_t byte = 0; byte < 4; ++byte)
                    address.bytes[byte] = static_cast<std::uint8_t>(point >> (24 - 8 * byte));
                const auto facts = look_up(**table, address);
                EXPECT_EQ(facts.asn.value_or(0), asn) << line;
            }
        }
        at = end + 1;
    }
    EXPECT_GT(line, 300'000u);
}

TEST(RealTables, CloudAndVpnListsLoad) {
    std::size_t found = 0;
    const auto check = [&](const std::string& name, const std::string& text) {
        const auto table = RangeTable::parse(name, text, RangeTable::Layout::kind, "hosting");
        ASSERT_TRUE(table) << table.error().reason;
        ++found;
    };
    for (const auto& entry :
         std::filesystem::directory_iterator(data() / "indicators/cloud-ranges"))
        check(entry.path().filename(), read_file(entry.path()));
    check("vpn4", read_file(data() / "indicators/ip/vpn-ipv4.txt"));
    check("vpn6", read_file(data() / "indicators/ip/vpn-ipv6.txt"));
    check("datacenter4", read_gzip(data() / "indicators/ip/datacenter-ipv4.txt.gz"));
    check("datacenter6", read_gzip(data() / "indicators/ip/datacenter-ipv6.txt.gz"));
    EXPECT_GE(found, 20u);
}

}  // namespace
