#include "registry/import.hpp"

#include "registry/row_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

namespace registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Rows ndjson(std::string_view text) {
    auto rows = parse_rows(text, Format::ndjson);
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().front().what);
    return rows ? std::move(*rows) : Rows{};
}

std::vector<std::string> problems(std::string_view text, Format format,
                                  std::optional<Kind> kind = std::nullopt) {
    const auto rows = parse_rows(text, format, kind);
    std::vector<std::string> out;
    if (rows) return out;
    for (const auto& problem : rows.error())
        out.push_back(std::to_string(problem.line) + ": " + problem.what);
    return out;
}

TEST(Import, ReadsTheShippedExample) {
    std::ifstream file(CALLERPRINT_ROOT "/config/registry/example.ndjson");
    std::stringstream text;
    text << file.rdbuf();
    const Rows rows = ndjson(text.str());
    EXPECT_EQ(rows.tenants.size(), 3);
    EXPECT_EQ(rows.keys.size(), 4);
    EXPECT_EQ(rows.parties.size(), 2);
    EXPECT_EQ(rows.licences.size(), 3);
    EXPECT_EQ(rows.gates.size(), 2);
    EXPECT_EQ(rows.leaks.size(), 1);
}

TEST(Import, ReadsEveryColumnOfALicence) {
    const Rows rows = ndjson(
        R"({"kind":"licence","uid":"l","party":"p","service":"Face","operations":["A","B*"],)"
        R"("parameters":["usage.units=100"],"use_case":"doors","regions":"eu*","valid_from":"2024-01-01",)"
        R"("valid_to":"2025-01-01T00:00:00+01:00","known_from":"2023-12-01T00:00:00.5Z",)"
        R"("known_to":null,"grace":"2w"})");
    ASSERT_EQ(rows.licences.size(), 1);
    const Licence& row = rows.licences[0];
    EXPECT_EQ(row.subject_kind, Licence::Subject::party);
    EXPECT_EQ(row.subject, "p");
    EXPECT_THAT(row.operations, ElementsAre("A", "B*"));
    EXPECT_THAT(row.regions, ElementsAre("eu*"));
    EXPECT_EQ(base::to_rfc3339(*row.valid_to), "2024-12-31T23:00:00Z");
    EXPECT_EQ(base::to_rfc3339(*row.known_from), "2023-12-01T00:00:00.500000Z");
    EXPECT_FALSE(row.known_to);
    EXPECT_EQ(row.grace, std::chrono::days{14});
}

TEST(Import, ReadsCsvWithQuotedCommasQuotesAndLineBreaks) {
    const auto rows = parse_rows(
        "kind,uid,name,aliases\r\n"
        "party,p1,\"Mill, Sons\n& \"\"Co\"\"\",\"Mill; The Mill\"\r\n"
        "\r\n"
        "party,p2,Plain,\r\n",
        Format::csv);
    // A line break inside a cell is legal CSV but no legal name.
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error()[0].line, 2);
    EXPECT_THAT(rows.error()[0].what, HasSubstr("control characters"));

    const auto clean = parse_rows(
        "kind,uid,name,aliases\nparty,p1,\"Mill, \"\"Co\"\"\",\"Mill; The Mill\"\n", Format::csv);
    ASSERT_TRUE(clean);
    EXPECT_EQ(clean->parties[0].name, "Mill, \"Co\"");
    EXPECT_THAT(clean->parties[0].aliases, ElementsAre("Mill", "The Mill"));
}

TEST(Import, RefusesParametersThatNothingTests) {
    const auto refused = [](const std::string& parameters) {
        return problems(
            R"({"kind":"licence","uid":"l","party":"p","operations":"*","parameters":)" +
                parameters + "}\n",
            Format::ndjson);
    };
    EXPECT_THAT(refused(R"(["returnFaceId=true"])"),
                ElementsAre("1: parameters: no parameter returnFaceId can be tested; write one of "
                            "gen_ai.request.model, resources.uid, resources.type, api.version, "
                            "cloud.account.uid, usage.units, gen_ai.usage.input_tokens, "
                            "gen_ai.usage.output_tokens, http_request.length"));
    for (const auto* text : {R"("gen_ai.request.model")", R"("usage.units=")", R"("=x")"})
        EXPECT_EQ(refused(text).size(), 1) << text;
    for (const auto* text : {"-1", "1.5", "9007199254740993", "many", "+1", " 1"})
        EXPECT_THAT(refused(std::string("\"usage.units=") + text + "\""),
                    ElementsAre(HasSubstr("greatest value")))
            << text;
    EXPECT_THAT(refused(R"(["usage.units=1","usage.units=2"])"),
                ElementsAre(HasSubstr("stands twice")));
    EXPECT_THAT(
        refused(R"(["usage.units=9007199254740992","resources.uid=a=b","resources.uid=c"])"),
        ElementsAre());
}

TEST(Import, TakesTheKindFromTheCallerWhenTheFileHasNone) {
    const auto rows = parse_rows("uid,tenant,declared_origin\nk1,t1,10.0.0.0/8;2001:db8::/32\n",
                                 Format::csv, Kind::key);
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->keys[0].declared_origin.size(), 2);
}

TEST(Import, ReportsEveryProblemWithItsLineAndGivesNoRow) {
    EXPECT_THAT(
        problems(
            "{\"kind\":\"tenant\",\"uid\":\"ok\"}\n"
            "{\"kind\":\"tenant\"}\n"
            "\n"
            "not json\n"
            "{\"kind\":\"tenant\",\"uid\":\"a\",\"country\":\"uk\",\"created\":\"yesterday\"}\n"
            "{\"kind\":\"ship\",\"uid\":\"a\"}\n"
            "{\"kind\":\"key\",\"uid\":\"k\",\"name\":\"x\"}\n"
            "{\"kind\":\"licence\",\"uid\":\"l\",\"operations\":[]}\n",
            Format::ndjson),
        ElementsAre(HasSubstr("2: uid: missing"), HasSubstr("4: no JSON object"),
                    HasSubstr("5: country"), HasSubstr("5: created"), HasSubstr("6: kind"),
                    HasSubstr("7: name: does not belong to a key"),
                    HasSubstr("8: operations: missing"), HasSubstr("8: write either tenant")));
}

TEST(Import, RefusesTheSameRowTwiceButNotVersionsOfALicence) {
    EXPECT_THAT(problems("{\"kind\":\"key\",\"uid\":\"k\"}\n{\"kind\":\"key\",\"uid\":\"k\"}\n",
                         Format::ndjson),
                ElementsAre(HasSubstr("2: the same key stands in line 1")));
    const std::string first =
        R"({"kind":"licence","uid":"l","tenant":"t","operations":"*","known_to":"2024-01-01"})";
    const std::string second =
        R"({"kind":"licence","uid":"l","tenant":"t","operations":"*","known_from":"2024-01-01"})";
    EXPECT_EQ(ndjson(first + "\n" + second).licences.size(), 2);
    EXPECT_THAT(problems(first + "\n" + first, Format::ndjson),
                ElementsAre(HasSubstr("2: the same licence")));
}

TEST(Import, RefusesANameThatOccursTwiceInARow) {
    EXPECT_THAT(problems(R"({"kind":"key","uid":"a","uid":"b"})", Format::ndjson),
                ElementsAre(HasSubstr("1: a name that occurs twice")));
}

TEST(Import, RefusesNumbersNestingAndTrailingText) {
    for (const char* row :
         {R"({"kind":"key","uid":7})", R"({"kind":"key","uid":{"a":"b"}})",
          R"({"kind":"key","uid":true})", R"({"kind":"party","uid":"p","aliases":[["a"]]})",
          R"({"kind":"party","uid":"p","aliases":[null]})", R"(["kind","key"])", R"("key")",
          R"({"kind":"key","uid":"a"} x)", R"({"kind":"key","uid":"a"}{})", R"(null)", R"(7)"}) {
        EXPECT_EQ(problems(row, Format::ndjson).size(), 1) << row;
    }
    EXPECT_EQ(problems("{\"kind\":\"key\",\"uid\":\"a\"} \t", Format::ndjson).size(), 0);
}

TEST(Import, RefusesBrokenCsv) {
    EXPECT_EQ(problems("", Format::csv).size(), 1);
    EXPECT_THAT(problems("kind,uid\nkey\n", Format::csv), ElementsAre(HasSubstr("2: has 1 cells")));
    EXPECT_THAT(problems("kind,kind\n", Format::csv), ElementsAre(HasSubstr("column 2 twice")));
    EXPECT_THAT(problems("kind,uid\nkey,\"open\n\n", Format::csv),
                ElementsAre(HasSubstr("2: a quoted cell without its closing quote")));
    EXPECT_THAT(problems("kind,uid\nkey,\"a\"b\nkey,k2\n", Format::csv),
                ElementsAre(HasSubstr("2: text after the closing quote")));
    EXPECT_THAT(problems("kind,uid\nkey,a\"b\n", Format::csv),
                ElementsAre(HasSubstr("2: a quote inside")));
}

TEST(Import, RefusesIntervalsThatEndBeforeTheyStart) {
    EXPECT_THAT(problems(R"({"kind":"licence","uid":"l","tenant":"t","operations":"*",)"
                         R"("valid_from":"2024-02-01","valid_to":"2024-02-01"})",
                         Format::ndjson),
                ElementsAre(HasSubstr("valid_to")));
    EXPECT_THAT(
        problems(R"({"kind":"key","uid":"l","created":"2024-02-02","revoked":"2024-02-01"})",
                 Format::ndjson),
        ElementsAre(HasSubstr("revoked")));
}

TEST(Import, RefusesNetworksWithHostBits) {
    EXPECT_EQ(
        problems(R"({"kind":"party","uid":"p","networks":["10.1.2.3/8"]})", Format::ndjson).size(),
        1);
}

TEST(Import, StopsCollectingProblemsAtAThousand) {
    std::string text;
    for (int i = 0; i < 5'000; ++i) text += "x\n";
    EXPECT_EQ(problems(text, Format::ndjson).size(), 1'000);
}

TEST(Import, TellsTheFormatsApart) {
    EXPECT_EQ(detect_format("\xef\xbb\xbf \n{\"kind\""), Format::ndjson);
    EXPECT_EQ(detect_format("kind,uid\n"), Format::csv);
    EXPECT_EQ(detect_format(""), Format::ndjson);
}

TEST(Import, SurvivesAnyBytes) {
    std::mt19937 random(7);
    const std::string alphabet = "{}[]\",:;\n\r\\kinduey \xff\x01";
    for (int round = 0; round < 3'000; ++round) {
        std::string text = round % 2 == 0 ? "kind,uid\n" : "";
        for (unsigned i = random() % 60; i > 0; --i) text += alphabet[random() % alphabet.size()];
        (void)parse_rows(text, Format::csv);
        (void)parse_rows(text, Format::ndjson);
    }
}

TEST(Print, IsReadBackToTheSameRows) {
    std::ifstream file(CALLERPRINT_ROOT "/config/registry/example.ndjson");
    std::stringstream text;
    text << file.rdbuf();
    Rows rows = ndjson(text.str());
    rows.parties[0].aliases = {"one; two", "\"quoted\""};
    EXPECT_EQ(ndjson(print_rows(rows)), rows);
}

TEST(Time, ReadsZonesDatesAndFractionsAndNothingElse) {
    const auto text = [](std::string_view from) {
        const auto time = parse_time(from);
        return time ? base::to_rfc3339(*time) : std::string("none");
    };
    EXPECT_EQ(text("2024-02-29"), "2024-02-29T00:00:00Z");
    EXPECT_EQ(text("2023-02-29"), "none");
    EXPECT_EQ(text("2024-06-01T01:02:03.1234567-02:30"), "2024-06-01T03:32:03.123456Z");
    EXPECT_EQ(text("2024-06-01 01:02:03Z"), "2024-06-01T01:02:03Z");
    for (const char* bad : {"", "2024", "2024-6-1", "2024-06-01T01:02:03", "2024-06-01T25:00:00Z",
                            "2024-06-01T01:02:03Zx", "2024-06-01T01:02:03.Z", "1717200000"}) {
        EXPECT_EQ(text(bad), "none") << bad;
    }
}

TEST(Duration, HasAUnitAndABound) {
    EXPECT_EQ(parse_duration("90m"), std::chrono::minutes{90});
    EXPECT_EQ(parse_duration("3650d"), std::chrono::days{3650});
    for (const char* bad : {"", "d", "3651d", "-1d", "1.5h", "10", "1 d", "99999999999s"})
        EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Import, ReadsOwnersAndClaimsAndPrintsThemBack) {
    const std::string text =
        R"({"kind":"owner","party":"p1","owner":"p2","share":"51.25","valid_from":"2023-01-01T00:00:00Z",)"
        R"("valid_to":"2024-01-01T00:00:00Z","known_from":"2023-02-01T00:00:00Z"})"
        "\n"
        R"({"kind":"owner","party":"p1","owner":"p3"})"
        "\n"
        R"({"kind":"claim","uid":"c1","name":"Mill Ltd","statement":"shows our logo","source":"its site",)"
        R"("date":"2024-03-01T00:00:00Z","clues":["domain:mill.example","key-suffix:4fd1"]})"
        "\n";
    const Rows rows = ndjson(text);
    ASSERT_EQ(rows.owners.size(), 2);
    EXPECT_EQ(rows.owners[0].share_ppm, 512'500U);
    EXPECT_EQ(rows.owners[1].share_ppm, std::nullopt);
    ASSERT_EQ(rows.claims.size(), 1);
    EXPECT_THAT(rows.claims[0].clues, ElementsAre("domain:mill.example", "key-suffix:4fd1"));
    EXPECT_EQ(print_rows(rows), text);
    EXPECT_EQ(rows.size(), 3U);
}

TEST(Import, SaysWhatIsWrongWithOwnersAndClaims) {
    EXPECT_THAT(problems(R"({"kind":"owner","party":"p","owner":"p","share":"0"})", Format::ndjson),
                ElementsAre(HasSubstr("owner: is the party itself"), HasSubstr("share: no share")));
    for (const auto* share : {"100.1", "33.33333", "-1", "1e2", "x", "."}) {
        EXPECT_EQ(parse_share(share), std::nullopt) << share;
    }
    EXPECT_EQ(parse_share("100"), 1'000'000U);
    EXPECT_EQ(parse_share("0.0001"), 1U);
    EXPECT_THAT(
        problems(R"({"kind":"claim","uid":"c","clues":["key:sk-Zq7","Mill"]})", Format::ndjson),
        ElementsAre(HasSubstr("clues: a key is never stored"), HasSubstr("clues: write kind:value"),
                    HasSubstr("statement: missing"), HasSubstr("write party or name")));
}

TEST(Import, TurnsASecretIntoMarksAndKeepsNothingOfIt) {
    const KeyHasher hasher(std::string(32, 'i'), std::string(32, 's'));
    const std::string secret = "sk-Ab3dEf6hIj9lMnOpQr5tUv";
    const std::string text = R"({"kind":"key","uid":"k","secret":")" + secret + "\"}\n";
    const auto rows = parse_rows(text, Format::ndjson, std::nullopt, &hasher);
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->key_marks, hasher.marks({.key = "k", .secret = secret}));
    EXPECT_EQ(rows->key_marks.size(), 2U + 9U + 9U);
    EXPECT_EQ(print_rows(*rows), R"({"kind":"key","uid":"k"})"
                                 "\n");
    EXPECT_TRUE(ndjson(text).key_marks.empty()) << "without a hasher it is checked only";

    const auto csv = parse_rows("kind,uid,sha256,prefix,suffix\nkey,k," +
                                    base::hex(base::sha256(secret)) + ",sk-Ab3dEf,5tUv\n",
                                Format::csv, std::nullopt, &hasher);
    ASSERT_TRUE(csv);
    for (const auto& mark : csv->key_marks)
        EXPECT_EQ(std::ranges::count(rows->key_marks, mark), 1) << "found by the same clues";
    EXPECT_EQ(csv->key_marks.size(), 1U + 3U + 1U);
}

TEST(Import, NeverQuotesASecretInAProblem) {
    for (const auto* line :
         {R"({"kind":"key","uid":"k","secret":"Zq7 Zq7 Zq7 Zq7 Zq7"})",
          R"({"kind":"key","uid":"k","secret":["Zq7"]})",
          R"({"kind":"tenant","uid":"k","secret":"Zq7"})", R"({"kind":"nonesuch","secret":"Zq7"})",
          R"({"kind":"key","uid":"k","sha256":"Zq7"})"}) {
        const auto found = problems(line, Format::ndjson);
        ASSERT_FALSE(found.empty()) << line;
        for (const auto& problem : found) EXPECT_THAT(problem, testing::Not(HasSubstr("Zq7")));
    }
}

}  // namespace
}  // namespace registry
