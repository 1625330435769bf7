#include "decode/line_walker.hpp"

#include "both_ways.hpp"
#include "support.hpp"

#include <random>

namespace decode {
namespace {

using test::BothWays;

/// Texts with all that JSON has, then spoilt in the ways that logs and attackers spoil them.
class Texts {
public:
    explicit Texts(unsigned seed) : random_(seed) {}

    std::string record(int depth = 3) {
        std::string out = "{";
        const unsigned members = pick(8);
        // Mostly in one order, as in logs: each key is left out or stands where it always does.
        unsigned place = 0;
        for (unsigned i = 0; i < members; ++i) {
            place = pick(12) == 0 ? pick(20) : place + pick(3);
            if (i > 0) out += blanks() + ",";
            out += blanks() + key(place) + blanks() + ":" + blanks() + value(depth);
        }
        return out + blanks() + "}";
    }

    std::string spoilt(std::string text) {
        for (unsigned i = pick(3); i-- > 0 && !text.empty();) {
            const std::size_t at = pick(static_cast<unsigned>(text.size()));
            switch (pick(6)) {
                case 0:
                    text[at] = static_cast<char>(pick(256));
                    break;
                case 1:
                    text.erase(at);
                    break;
                case 2:
                    text.insert(at, 1, "{}[]:,\"\\ \t\r0-"[pick(13)]);
                    break;
                case 3:
                    text.erase(at, 1 + pick(4));
                    break;
                case 4:  // A member twice, or a piece somewhere else.
                    text.insert(pick(static_cast<unsigned>(text.size())),
                                text.substr(at, pick(30)));
                    break;
                default:
                    text.insert(at, scalar());
            }
        }
        std::erase(text, '\n');
        return text;
    }

    unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
    }

private:
    std::string one_of(std::initializer_list<const char*> texts) {
        return *(texts.begin() + pick(static_cast<unsigned>(texts.size())));
    }
    std::string blanks() { return pick(20) == 0 ? one_of({" ", "\t", "\r", "  \t"}) : ""; }

    std::string key(unsigned place) {
        static const std::vector<std::string> keys = {
            "a",
            "b",
            "c",
            "n",
            "x",
            "list",
            "time",
            "long name",
            "a.b",
            "b.c",
            "u.v.w",
            "requestParameters",
            "userIdentity",
            "type",
            "a key that is so long that no shape takes it: it is seen anew in each record",
            ""};
        if (pick(40) == 0) return one_of({R"("\u0061")", R"("a\"b")", R"("\\")", "\"\xc3\xa9\""});
        if (pick(30) == 0) return "\"" + std::to_string(pick(1000)) + "\"";
        return "\"" + keys[place % keys.size()] + "\"";
    }
    std::string value(int depth) {
        if (depth == 0 || pick(3) > 0) return scalar();
        if (pick(2) == 0) return record(depth - 1);
        std::string out = "[";
        for (unsigned i = 0, size = pick(4); i < size; ++i) {
            out += (i > 0 ? "," : "") + blanks() + value(depth - 1) + blanks();
        }
        return out + "]";
    }
    std::string scalar() {
        switch (pick(24)) {
            case 0:
                return std::to_string(pick(100'000));
            case 1:
                return one_of({"0",
                               "-0",
                               "-1",
                               "01",
                               "-",
                               "999999999999999999",
                               "-999999999999999999",
                               "1000000000000000000",
                               "9223372036854775807",
                               "9223372036854775808",
                               "-9223372036854775808",
                               "-9223372036854775809",
                               "18446744073709551615",
                               "18446744073709551616",
                               "1e5",
                               "1E-5",
                               "1.5",
                               "-0.0",
                               "1.",
                               ".5",
                               "1e",
                               "1e400",
                               "1e-400",
                               "5e-324",
                               "0.1234567890123456789012345678901234567890",
                               "1.7976931348623157e308",
                               "2.2250738585072011e-308",
                               "9007199254740993",
                               "1.0e+2",
                               "0e0",
                               "123456789012345678901234567890.5",
                               "1a",
                               "0x1",
                               "+1",
                               "NaN"});
            case 2:
                return one_of({"true", "false", "null", "tru", "truex", "nul", "True"});
            case 3:
                return one_of({R"("\u00e9")", R"("\ud83d\ude00")", R"("\ud800")", R"("\udc00x")",
                               R"("a\tb")", R"("\/")", R"("\x41")", R"("\q")", R"("\u12")",
                               R"("{\"x\":{\"y\":{\"z\":7}}}")", R"("[1,{\"x\":2}]")",
                               R"("{\"x\":\"{\\\"y\\\":1}\"}")"});
            case 4:
                return one_of({"\"\"", "\"\xc3\xa9\"", "\"\xff\"", "\"\xed\xa0\x80\"",
                               "\"\xf4\x90\x80\x80\"", "\"\x01\"", "\" {} : , [] \"", "\"-\""});
            case 5:
                return "\"" + std::string(pick(80), 'v') + "\"";
            default:
                return "\"text" + std::to_string(pick(1000)) + "\"";
        }
    }
    std::mt19937 random_;
};

TEST(LineWalker, LeavesTheCellsThatTheParserLeaves) {
    Texts texts(20250601);
    BothWays::Outcome sum;
    for (int round = 0; round < 100; ++round) {
        Limits limits;
        limits.max_depth = round % 3 == 0 ? 1 + texts.pick(5) : 32;
        limits.max_keys = round % 4 == 0 ? 1 + texts.pick(10) : 512;
        BothWays both(limits);
        for (int block = 0; block < 10; ++block) {
            std::string lines;
            // Blocks without a bad line too, which are indexed at once.
            const bool spoil = texts.pick(3) > 0;
            for (unsigned i = texts.pick(40); i-- > 0;) {
                const std::string record = texts.record();
                lines += (spoil ? texts.spoilt(record) : record) + (texts.pick(9) ? "\n" : "\r\n");
            }
            const auto outcome = both.read(lines);
            ASSERT_EQ(outcome.different, "");
            sum.valid += outcome.valid;
            sum.taken += outcome.taken;
        }
    }
    // Else it proves little.
    EXPECT_GT(sum.valid, 3000u);
    EXPECT_GT(sum.taken, sum.valid * 6 / 10);
}

TEST(LineWalker, TakesWhatLogsHold) {
    BothWays both({});
    std::string lines;
    for (int i = 0; i < 50; ++i) {
        lines += R"({"time": "2025-06-01T00:00:00Z", "a": {"b": )" + std::to_string(i) +
                 R"(, "key)" + std::to_string(i) + R"(": null}, "list": [{"x": 1.5}, {"x": []}],)" +
                 (i % 2 == 0 ? R"("other": "esc\"aped\u0041")" : R"("b": true)") +
                 ", \"n\": \"{\\\"x\\\": 5}\"}\n";
    }
    const auto outcome = both.read(lines);
    EXPECT_EQ(outcome.different, "");
    EXPECT_EQ(outcome.taken, 50u);
}

TEST(LineWalker, FindsAKeyThatComesTwiceWhereverItStands) {
    for (const char* record :
         {R"({"a":1,"a":2})", R"({"a":1,"b":2,"a":3})", R"({"z":{"q":1,"r":{"q":1},"q":2}})",
          R"({"z":[{"q":1},{"q":2,"q":3}]})", R"({"a":1,"b":2,"c":3,"b":4})",
          R"({"b":1,"a":1,"b":2})", R"({"new":1,"newer":2,"new":3})"}) {
        BothWays both({});
        // The order is known by then, and all keys of the record are.
        const std::string known = R"({"a":1,"b":2,"c":3,"z":{"q":1,"r":{"q":1}}})";
        const auto outcome = both.read(known + "\n" + known + "\n" + record + "\n");
        EXPECT_EQ(outcome.different, "");
        EXPECT_EQ(outcome.valid, 2u) << record;
        EXPECT_EQ(outcome.taken, 2u) << record;
    }
}

TEST(LineWalker, LeavesRecordsOfNoShapeToTheParserUntilThereIsOne) {
    BothWays both({});
    std::string lines;
    for (int i = 0; i < 6000; ++i) {
        const std::string n = std::to_string(i < 5000 ? i : 0);
        lines += R"({"a":{"k)" + n + R"(":{"x":1},"b":)" + n + R"(},"key)" + n + R"(":[{"y)" + n +
                 R"(":1}],"time":)" + n + "}\n";
    }
    const auto outcome = both.read(lines);
    EXPECT_EQ(outcome.different, "");
    EXPECT_EQ(outcome.valid, 6000u);
    EXPECT_GT(outcome.taken, 1000u - 300);
    EXPECT_LT(outcome.taken, 1500u);
}

TEST(LineWalker, StaysWithinItsRecordWhereThatBreaksOff) {
    for (const char* broken : {"{\"a\":", "{\"a\":[", "{\"a\":[1,", "{", "{\"n\":{\"x\":1,"}) {
        BothWays both({});
        // What follows would go on with the value, with more to unescape than the record is long.
        const std::string next = R"({"b":"\n)" + std::string(1000, 'x') + R"(\"","n":1})";
        const auto outcome = both.read(std::string(broken) + "\n" + next + "\n" + next + "\n");
        EXPECT_EQ(outcome.different, "");
        EXPECT_EQ(outcome.taken, 2u) << broken;
    }
}

TEST(LineWalker, LeavesManyKeysInNoOrderToTheParser) {
    std::string record = R"({"time":1,"a":{)";
    for (int i = 0; i < 500; ++i) {
        record += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + R"(":[1,2,3,4,5,6,7,8,9,10])";
    }
    record += "}}\n";
    Limits limits;
    limits.max_keys = 65'536;
    BothWays both(limits);
    const auto outcome = both.read(record + "{\"a\":1}\n");
    EXPECT_EQ(outcome.different, "");
    EXPECT_EQ(outcome.valid, 2u);
    EXPECT_EQ(outcome.taken, 1u);
}

TEST(LineWalker, IndexesTheLinesAroundABadOne) {
    BothWays both({});
    std::string lines;
    for (int i = 0; i < 3000; ++i) {
        lines += i % 100 == 7   ? "{\"a\":\"no end\n"
                 : i % 100 == 9 ? "{\"a\":\"\xff\"}\n"
                                : "{\"a\":{\"b\":" + std::to_string(i) + "}}\n";
    }
    lines += "{\"a\":\"" + std::string(LineIndex::block_bytes, 'x') + "\"}\n{\"a\":1}\n";
    const auto outcome = both.read(lines);
    EXPECT_EQ(outcome.different, "");
    EXPECT_EQ(outcome.valid, 2942u);
    EXPECT_EQ(outcome.taken, 2941u);  // The long one is left to the parser.
}

TEST(LineWalker, LeavesDecodingAsItIs) {
    Texts texts(7);
    auto names = std::make_shared<call::Names>();
    for (std::size_t i = 0; i < call::field_count; ++i) names->add(static_cast<call::Field>(i));
    for (const std::string& path : BothWays::paths()) names->add(path);
    for (const char* format : {"json", "native", "aws-cloudtrail", "ocsf"}) {
        test::TogetherAndAlone gated(test::format(format), names, false);
        test::TogetherAndAlone ungated(test::format(format), names, true);
        for (int block = 0; block < 40; ++block) {
            std::string lines;
            for (unsigned i = 0; i < 20; ++i) {
                std::string record = texts.record();
                if (texts.pick(4) > 0) {
                    record.replace(0, 1,
                                   texts.pick(2) ? R"({"time":"2025-06-01T00:00:00Z")"
                                                 : R"({"eventTime":1748736000)");
                    if (record[record.find_first_not_of(" \t\r", 20)] != '}')
                        record.insert(record.starts_with(R"({"t)") ? 30 : 23, ",");
                }
                lines += (texts.pick(3) == 0 ? texts.spoilt(record) : record) + "\n";
            }
            auto& both = block % 2 == 0 ? gated : ungated;
            const auto different = both.different(lines, test::arrival);
            ASSERT_FALSE(different) << format << ": " << *different;
        }
    }
}

}  // namespace
}  // namespace decode
