#include "enrich/mmdb_table.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace enrich {
namespace {

/// A file of this test that goes away with it.
class File {
public:
    explicit File(const std::string& bytes)
        : path_(std::filesystem::temp_directory_path() /
                ("mmdb_table_test." + std::to_string(getpid()) + ".mmdb")) {
        std::ofstream(path_, std::ios::binary) << bytes;
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

/// A field of the format: a type in the upper three bits, a size in the lower five.
std::string text(std::string_view value) {
    std::string out(1, static_cast<char>(0x40 | std::min<std::size_t>(value.size(), 29)));
    if (value.size() >= 29) out += static_cast<char>(value.size() - 29);  // 29: one byte follows
    return out.append(value);
}
std::string map(int entries) {
    return std::string(1, static_cast<char>(0xe0 | entries));
}
std::string number16(int value) {
    return {static_cast<char>(0xa2), static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string number32(int value) {
    return {static_cast<char>(0xc4), static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// A database of IPv4 with one node: 0.0.0.0/1 has the record, the other half has nothing.
std::string database(const std::string& record) {
    std::string out = {0, 0, 17, 0, 0, 1};  // 24-bit records: node_count + 16 + 0, and "empty"
    out += std::string(16, '\0') + record + "\xab\xcd\xefMaxMind.com";
    out += map(9);
    out += text("node_count") + number32(1);
    out += text("record_size") + number16(24);
    out += text("ip_version") + number16(4);
    out += text("database_type") + text("Test-DB");
    out += text("languages") + std::string("\x00\x04", 2);
    out += text("binary_format_major_version") + number16(2);
    out += text("binary_format_minor_version") + number16(0);
    out += text("build_epoch") + std::string("\x01\x02\x05", 3);
    out += text("description") + map(0);
    return out;
}

NetworkFacts look_up(const MmdbTable& table, std::string_view address) {
    NetworkFacts out;
    table.look_up(*call::parse_address(address), out);
    return out;
}

TEST(MmdbTable, ReadsSystemCountryAndKind) {
    const File file(database(map(4) + text("autonomous_system_number") + number32(64500) +
                             text("autonomous_system_organization") + text("Example") +
                             text("country") + map(1) + text("iso_code") + text("SE") +
                             text("connection_type") + text("Cellular")));
    const auto table = MmdbTable::open("asn", file.path());
    ASSERT_TRUE(table) << table.error().reason;
    EXPECT_EQ((*table)->type(), "Test-DB");
    EXPECT_EQ((*table)->version().size(), 64);
    const auto facts = look_up(**table, "1.2.3.4");
    EXPECT_EQ(facts.asn, 64500u);
    EXPECT_EQ(facts.as_name, "Example");
    EXPECT_EQ(facts.country, "SE");
    EXPECT_EQ(facts.kind, "mobile");
    EXPECT_FALSE(look_up(**table, "200.2.3.4").asn);
    EXPECT_FALSE(look_up(**table, "2001:db8::1").asn);
    EXPECT_EQ((*table)->damaged(), 0);
}

TEST(MmdbTable, CountsDamageAndSaysNothing) {
    // The map promises four pairs and the data end in the middle of the first.
    const File file(database(map(4) + text("autonomous_system_number") + "\xc4"));
    const auto table = MmdbTable::open("asn", file.path());
    ASSERT_TRUE(table) << table.error().reason;
    const auto facts = look_up(**table, "1.2.3.4");
    EXPECT_EQ(facts.country, "");
    EXPECT_GT((*table)->damaged(), 0);
}

TEST(MmdbTable, DropsNamesThatAreNotUtf8) {
    const File file(database(map(2) + text("autonomous_system_number") + number32(7) +
                             text("autonomous_system_organization") + text("\xff\xfe")));
    const auto table = MmdbTable::open("asn", file.path());
    ASSERT_TRUE(table);
    EXPECT_EQ(look_up(**table, "1.2.3.4").asn, 7u);
    EXPECT_EQ(look_up(**table, "1.2.3.4").as_name, "");
    EXPECT_EQ((*table)->damaged(), 2);
}

TEST(MmdbTable, RefusesWhatIsNoDatabase) {
    EXPECT_EQ(MmdbTable::open("x", "/nonexistent/x.mmdb").error().fault, base::Fault::not_found);
    for (const std::string& bytes : {std::string(), std::string("MaxMind"), std::string(5'000, 'x'),
                                     std::string("\xab\xcd\xefMaxMind.com")}) {
        const File file(bytes);
        const auto table = MmdbTable::open("x", file.path());
        ASSERT_FALSE(table);
        EXPECT_EQ(table.error().fault, base::Fault::invalid);
    }
}

TEST(MmdbTable, SurvivesEveryCutAndEveryFlippedByte) {
    const std::string whole = database(map(2) + text("country") + map(1) + text("iso_code") +
                                       text("SE") + text("connection_type") + text("Cellular"));
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string flipped = whole;
        flipped[i] = static_cast<char>(flipped[i] ^ 0xff);
        for (const std::string& bytes : {whole.substr(0, i), flipped}) {
            const File file(bytes);
            const auto table = MmdbTable::open("x", file.path());
            if (table) (void)look_up(**table, "1.2.3.4");
        }
    }
}

}  // namespace
}  // namespace enrich
