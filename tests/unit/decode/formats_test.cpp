#include "decode/formats.hpp"

#include "support.hpp"

#include <gmock/gmock.h>

namespace decode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string problems(std::string text) {
    const auto loaded = Formats::load(std::vector<FormatFile>{{"x.yaml", std::move(text)}});
    return loaded ? "" : loaded.error().reason;
}

TEST(Formats, ShipsTheTenAndTheTwoBuiltIn) {
    EXPECT_THAT(
        test::shipped().names(),
        ElementsAre("access-log", "auto", "aws-cloudtrail", "azure-resource-log", "envoy",
                    "gcp-audit", "json", "kong", "litellm", "native", "nginx-json", "ocsf"));
    EXPECT_TRUE(test::format("auto").is_auto());
    EXPECT_EQ(test::format("aws-cloudtrail").log_source().service, "cloudtrail");
    EXPECT_EQ(test::shipped().find("nothing"), nullptr);
}

TEST(Formats, ListsAllProblemsOfAFileWithTheirPlaces) {
    const std::string text = problems(
        "name: Bad Name\nlines: json\ntime: t\nfields:\n  api.operatoin: x\n  status_id:\n"
        "    - {from: a, as: twist}\nextra: 1\n");
    EXPECT_THAT(text, HasSubstr("x.yaml:5:3: `api.operatoin` is no field"));
    EXPECT_THAT(text, HasSubstr("x.yaml:7:21: unknown step `twist`"));
    EXPECT_THAT(text, HasSubstr("x.yaml:8:1: unknown key `extra`"));
    EXPECT_THAT(text, HasSubstr("`name` must be lower-case"));
}

TEST(Formats, RefusesWhatCannotWork) {
    EXPECT_THAT(problems("name: x\nlines: json\n"), HasSubstr("`time` is missing"));
    EXPECT_THAT(problems("name: x\nlines: lines\ntime: t\n"), HasSubstr("json or access"));
    EXPECT_THAT(problems("name: x\nlines: access\ntime: when\n"), HasSubstr("no column"));
    EXPECT_THAT(problems("name: json\nlines: json\ntime: t\n"), HasSubstr("another name"));
    EXPECT_THAT(problems("name: x\nlines: json\ntime: t\nfields: {tenant.name: a}\n"),
                HasSubstr("no field that a record can fill"));
    EXPECT_THAT(problems("name: x\nlines: json\ntime: t\nunwrap: [{list: a, json: b}]\n"),
                HasSubstr("one of list, object, json, base64"));
    EXPECT_THAT(problems("name: [x\n"), HasSubstr("x.yaml:"));
    EXPECT_THAT(problems(""), HasSubstr("empty"));
}

TEST(Formats, FindsMappedPathsInOtherSpellings) {
    const auto loaded = Formats::load(std::vector<FormatFile>{
        {"x.yaml",
         "name: x\nlines: json\ntime: eventTime\nspellings: [lower, snake, pascal]\n"
         "fields: {api.operation: callName.sourceIPAddress}\n"}});
    ASSERT_TRUE(loaded);
    auto names = std::make_shared<call::Names>();
    const auto slot = names->add("api.operation");
    Decoder decoder(*(*loaded)->find("x"), names);
    for (const char* record : {R"({"eventTime":1,"callName":{"sourceIPAddress":"v"}})",
                               R"({"eventtime":1,"callname":{"sourceipaddress":"v"}})",
                               R"({"event_time":1,"call_name":{"source_ip_address":"v"}})",
                               R"({"EventTime":1,"CallName":{"SourceIPAddress":"v"}})"}) {
        call::Batch batch(names);
        std::vector<Reject> rejects;
        decoder.decode(record, 0, test::arrival, batch, rejects);
        ASSERT_EQ(batch.size(), 1u) << record;
        EXPECT_EQ(test::to_text(batch[0].at(slot)), "v") << record;
    }
}

}  // namespace
}  // namespace decode
