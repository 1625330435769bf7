#include "store/copy_text.hpp"

#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

/// PostgreSQL 15 manual, COPY, "Text Format", a byte at a time.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : base::utf8::storable(text)) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\t') {
            out += "\\t";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else {
            out += c;
        }
    }
    return out;
}

TEST(CopyText, WritesAnyBytesAsASlowWriterWould) {
    std::mt19937 random(4);
    // Mostly plain, with one odd byte at every place and length.
    static constexpr std::string_view odd("\0\t\n\r\\\x1f\x7f\x80\xc3\xff ~", 12);
    for (std::size_t size = 0; size < 40; ++size) {
        for (std::size_t at = 0; at <= size; ++at) {
            for (const char c : odd) {
                std::string text(size, 'a');
                if (at < size) text[at] = c;
                std::string out;
                store::CopyText(out).text(text);
                EXPECT_EQ(out, escaped(text)) << size << " bytes, at " << at;
            }
        }
    }
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 30, ' ');
        for (char& c : text)
            c = random() % 3 == 0 ? odd[random() % odd.size()] : static_cast<char>(random() % 256);
        std::string out;
        store::CopyText(out).text(text);
        EXPECT_EQ(out, escaped(text));
    }
}

TEST(CopyText, EscapesWhatCopyReads) {
    std::string line;
    const std::string two[] = {"a,b", "\"\\"};
    store::CopyText(line).text("a\tb\nc\\d\r").null().integer(-5).texts(two, 2).end_row();
    EXPECT_EQ(line, "a\\tb\\nc\\\\d\\r\t\\N\t-5\t{\"a,b\",\"\\\\\"\\\\\\\\\"}\n");
}

TEST(CopyText, ShortensKeysWithoutConfusingThem) {
    const std::string a(3'000, 'a');
    EXPECT_EQ(store::bounded(a, 600).size(), 597U);
    EXPECT_NE(store::bounded(a, 600), store::bounded(a + "b", 600));
    EXPECT_EQ(store::bounded("short", 600), "short");
}

TEST(CopyText, MakesJsonStorable) {
    EXPECT_EQ(store::storable_json(R"({"a":"\u0000b","c":"\\u0000"})"),
              R"({"a":"\ufffdb","c":"\\u0000"})");
}

}  // namespace
