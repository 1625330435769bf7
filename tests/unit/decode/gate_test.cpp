#include "decode/gate.hpp"

#include "base/digest.hpp"
#include "base/utf8.hpp"
#include "support.hpp"

#include <gmock/gmock.h>

namespace decode {
namespace {

using test::accept;
using testing::HasSubstr;
using testing::Not;

const std::string good = R"({"time":"2025-06-01T00:00:00Z","operation":"a"})";

std::string codes(const Gate::Accepted& accepted) {
    std::string out;
    for (const Reject& reject : accepted.rejects) {
        out += (out.empty() ? "" : " ") + std::to_string(reject.line) + ":" +
               std::string(name(reject.code));
    }
    return out;
}

TEST(Gate, TakesOneRecordALine) {
    const auto out = accept(good + "\r\n\n  \n" + good, "native");
    EXPECT_EQ(out.records, 2u);
    EXPECT_EQ(out.lines, good + "\n" + good + "\n");
    EXPECT_TRUE(out.rejects.empty());
    EXPECT_EQ(out.format, "native");
}

TEST(Gate, LendsAHashOfEachRecordsOwnId) {
    const auto id = [](std::string_view more, std::string_view format = "native") {
        const auto out =
            accept(R"({"time":"2025-06-01T00:00:00Z",)" + std::string(more) + "}", format);
        EXPECT_EQ(out.ids.size(), out.records);
        return out.ids.empty() ? 0 : out.ids.front();
    };
    const auto x = id(R"("event_id":"x")");
    EXPECT_NE(x, 0u);
    EXPECT_EQ(id(R"("metadata":{"uid":"x"},"event_id":"y")"), x) << "as the format maps it";
    EXPECT_NE(id(R"("event_id":"y")"), x);
    EXPECT_EQ(id(R"("event_id":7)"), id(R"("event_id":"7")")) << "as a call holds it";
    EXPECT_EQ(id(R"("operation":"a")"), 0u);
    EXPECT_EQ(id(R"("metadata":{"uid":"x"})", "json"), x);
    EXPECT_EQ(id(R"("event_id":"x")", "json"), 0u) << "that format maps nothing";
    const std::string other = "another deployment's key";
    Gate gate(test::shipped(), other);
    const auto theirs = gate.accept(R"({"time":"2025-06-01T00:00:00Z","event_id":"x"})",
                                    BodyKind::automatic, test::format("native"), test::arrival);
    EXPECT_NE(theirs.value().ids.front(), x) << "the hash is keyed";
}

TEST(Gate, LendsTheIdsInTheOrderOfTheLines) {
    const std::string a = R"({"time":"2025-06-01T00:00:00Z","id":"a"})";
    const std::string b = R"({"time":"2025-06-01T00:00:00Z","id":"b"})";
    const auto out = accept(a + "\n{\n" + b + "\n[" + a + "," + good + "]", "native");
    ASSERT_EQ(out.ids.size(), 4u);
    EXPECT_EQ(out.ids[0], out.ids[2]);
    EXPECT_NE(out.ids[0], out.ids[1]);
    EXPECT_EQ(out.ids[3], 0u);
}

TEST(Gate, KnowsEnvoysTextFromItsJson) {
    const std::string text =
        R"([2026-01-24T01:37:00.000Z] "GET /a HTTP/1.1" 200 - 0 512 30 15 "192.0.2.1" "x" "i" "h" "-")";
    const auto out =
        accept(text + "\n2025-12-31T17:37:40.493035218+01:00 stdout F " + text, "auto");
    EXPECT_EQ(out.format, "access-log");
    EXPECT_EQ(out.records, 2u);
    EXPECT_EQ(codes(out), "");
}

TEST(Gate, TakesNothingFromAnEmptyBody) {
    for (const char* body : {"", "\n\n\r\n", "\xef\xbb\xbf"}) {
        const auto out = accept(body, "native");
        EXPECT_EQ(out.records, 0u);
        EXPECT_TRUE(out.rejects.empty());
    }
}

TEST(Gate, SkipsAByteOrderMark) {
    EXPECT_EQ(accept("\xef\xbb\xbf" + good, "native").records, 1u);
}

TEST(Gate, RefusesABadLineAloneWithItsNumber) {
    const auto out = accept(good + "\n{\"a\":\n" + good + "\nplain words\n" + good, "native");
    EXPECT_EQ(out.records, 3u);
    EXPECT_EQ(codes(out), "2:bad_json 4:bad_json");
}

TEST(Gate, NamesWhatIsWrong) {
    const auto code = [](const std::string& line) { return codes(accept(line, "native")); };
    EXPECT_EQ(code(R"({"time":1,"a":1,"a":2})"), "1:duplicate_key");
    EXPECT_EQ(code(R"({"time":1,"a":1,"\u0061":2})"), "1:duplicate_key");
    EXPECT_EQ(code(R"({"time":1,"x":{"b":[{"c":1,"d":2,"c":3}]}})"), "1:duplicate_key");
    EXPECT_EQ(code(R"({"a":1})"), "1:no_timestamp");
    EXPECT_EQ(code(R"({"time":null})"), "1:no_timestamp");
    EXPECT_EQ(code(R"({"time":{}})"), "1:bad_timestamp");
    EXPECT_EQ(code(R"({"time":"2026-01-01T00:00:00+99:99"})"), "1:bad_timestamp");
    EXPECT_EQ(code(R"({"time":9223372036854775807})"), "1:bad_timestamp");
    EXPECT_EQ(code(R"({"time":1,"n":123456789012345678901234567890})"), "1:bad_json");
    EXPECT_EQ(code(R"({"time":1,"n":NaN})"), "1:bad_json");
    EXPECT_EQ(code(R"({"time":1,"s":"\ud800"})"), "1:bad_json");
    EXPECT_EQ(code("{\"time\":1,\"s\":\"\xff\"}"), "1:bad_utf8");
    EXPECT_EQ(code("{\"time\":1,\"s\":\"\xc0\xaf\"}"), "1:bad_utf8");
    EXPECT_EQ(code(std::string("{\"time\":1}\0", 11)), "1:bad_json");
    EXPECT_EQ(code(R"("text")"), "1:not_an_object");
    EXPECT_EQ(code(good + good), "1:bad_json");
}

TEST(Gate, BoundsDepthKeysAndLength) {
    const auto nested = [](std::size_t depth) {
        return R"({"time":1,"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_EQ(codes(accept(nested(31), "native")), "");
    EXPECT_EQ(codes(accept(nested(32), "native")), "1:too_deep");
    EXPECT_EQ(codes(accept(nested(5000), "native")), "1:too_deep");
    const auto keys = [](int count) {
        std::string out = R"({"time":1)";
        for (int i = 1; i < count; ++i) out += ",\"k" + std::to_string(i) + "\":0";
        return out + "}";
    };
    EXPECT_EQ(codes(accept(keys(512), "native")), "");
    EXPECT_EQ(codes(accept(keys(513), "native")), "1:too_many_keys");
    const auto sized = [](std::size_t size) {
        const std::string start = R"({"time":1,"x":")";
        return start + std::string(size - start.size() - 2, 'x') + "\"}";
    };
    EXPECT_EQ(codes(accept(sized(256 * 1024), "native")), "");
    EXPECT_EQ(codes(accept(sized(256 * 1024 + 1), "native")), "1:line_too_long");
    const Limits wide{
        .max_line_bytes = 1024 * 1024, .max_depth = 32, .max_keys = 512, .skew_future = {}};
    EXPECT_EQ(codes(accept(sized(1024 * 1024), "native", BodyKind::automatic, wide)), "");
}

TEST(Gate, TakesArraysSingleObjectsAndPrettyPrintedOnes) {
    EXPECT_EQ(accept("[" + good + ",\n" + good + "]", "native").records, 2u);
    EXPECT_EQ(accept("[]", "native").records, 0u);
    const auto pretty =
        accept("{\n  \"time\": \"2025-06-01T00:00:00Z\",\n  \"a\": [1,\n 2]\n}\n" + good, "native");
    EXPECT_EQ(pretty.lines, "{\"time\":\"2025-06-01T00:00:00Z\",\"a\":[1,2]}\n" + good + "\n");
    EXPECT_EQ(codes(accept("[" + good + ",\n\n{\"a\":1},\n5]", "native")),
              "3:no_timestamp 4:not_an_object");
}

TEST(Gate, GoesOnBehindWhatIsNoJson) {
    const auto out = accept("{\n{\n[1,\n}}}garbage{{\n" + good + "\n", "native");
    EXPECT_EQ(out.records, 1u);
    EXPECT_FALSE(out.rejects.empty());
    const auto cut = accept("[" + good + ",{\"time\":1,\"b\":", "native");
    EXPECT_EQ(cut.records, 1u);
    EXPECT_EQ(codes(cut), "1:bad_json");
}

TEST(Gate, StaysLinearOnManyOpenBrackets) {
    std::string body;
    for (int i = 0; i < 100'000; ++i) body += "{\"a\":[\n";
    EXPECT_EQ(accept(body, "native").rejects.size(), 100'000u);
}

TEST(Gate, FailsOnlyWhenTheFramingIsBroken) {
    Gate gate(test::shipped(), test::scrub_key);
    const auto fault = [&](std::string_view body, BodyKind kind) {
        const auto out = gate.accept(body, kind, test::format("native"), test::arrival);
        return out ? "" : out.error().reason;
    };
    EXPECT_THAT(fault("\x1f\x8b\x08 rest", BodyKind::ndjson), HasSubstr("gzip"));
    EXPECT_THAT(fault("\xff\xfe{ }", BodyKind::ndjson), HasSubstr("UTF-16"));
    EXPECT_THAT(fault("{\"a\":", BodyKind::json), HasSubstr("not JSON"));
    EXPECT_EQ(fault("{\"a\":\n" + good, BodyKind::ndjson), "");
}

// ---- Envelopes ----

const std::string trail =
    R"({"eventVersion":"1.08","eventTime":"2023-07-10T11:42:18Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","userIdentity":{"type":"IAMUser"}})";

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

TEST(Gate, UnwrapsWhatCloudTrailIsDeliveredIn) {
    for (const std::string& body :
         {R"({"Records":[)" + trail + "]}", "[" + trail + "]",
          R"({"version":"0","detail-type":"AWS API Call via CloudTrail","detail":)" + trail + "}",
          R"({"EventId":"x","CloudTrailEvent":)" + quoted(trail) + "}",
          R"({"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":)" +
              quoted(trail) + "}]}",
          R"([{"Records":[)" + trail + "]}]"}) {
        for (const char* name : {"aws-cloudtrail", "auto"}) {
            const auto out = accept(body, name);
            EXPECT_EQ(out.lines, trail + "\n") << body;
            EXPECT_EQ(out.format, "aws-cloudtrail");
            EXPECT_EQ(codes(out), "");
        }
    }
}

TEST(Gate, UnwrapsFilesFarBiggerThanARecord) {
    std::string body = R"({"Records":[)" + trail;
    for (int i = 1; i < 5000; ++i) body += "," + trail;
    body += "]}";
    ASSERT_GT(body.size(), 512u * 1024);
    for (const char* name : {"aws-cloudtrail", "auto"}) {
        const auto out = accept(body, name, BodyKind::json);
        EXPECT_EQ(out.records, 5000u);
        EXPECT_EQ(codes(out), "");
    }
}

TEST(Gate, SetsAsideWhatOnlyLooksLikeCloudTrail) {
    const std::string pointer =
        R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"x","eventTime":"2023-07-10T11:42:18Z","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"}}}]})";
    for (
        const std::string& body :
        {pointer, R"({"Records":[{"messageId":"1","body":)" + quoted(pointer) + "}]}",
         R"({"Records":[{"messageId":"1","body":)" +
             quoted(R"({"TopicArn":"t","Message":)" + quoted(pointer) + "}") + "}]}",
         std::string(R"({"digestStartTime":"2023-07-10T11:42:18Z","logFiles":[]})"),
         std::string(
             R"({"eventVersion":"1.07","eventCategory":"Insight","awsRegion":"x","eventTime":"2023-07-10T11:42:18Z"})"),
         std::string(
             R"({"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":"START RequestId: 1"}]})")}) {
        const auto out = accept(body, "aws-cloudtrail");
        EXPECT_EQ(out.records, 0u);
        EXPECT_EQ(codes(out), "1:not_a_record") << body;
    }
}

TEST(Gate, UnwrapsAzureAndSetsMetricsAndFlowsAside) {
    const std::string call =
        R"({"time":"2024-07-02T06:31:31Z","resourceId":"/SUBSCRIPTIONS/A/","category":"GatewayLogs","operationName":"x"})";
    const auto out = accept(
        "{\n \"records\": [\n" + call +
            ",\n{\"time\":\"2024-07-02T06:31:31Z\",\"resourceId\":\"/S\",\"metricName\":\"m\"},\n"
            R"({"time":"2024-07-02T06:31:31Z","resourceId":"/S","category":"NetworkSecurityGroupFlowEvent"}]})",
        "auto");
    EXPECT_EQ(out.format, "azure-resource-log");
    EXPECT_EQ(out.lines, call + "\n");
    EXPECT_EQ(codes(out), "4:not_a_record 5:not_a_record");
}

TEST(Gate, TakesContainerPrefixesOffAndJoinsParts) {
    const std::string call =
        R"({"start_time":"2025-12-31T16:37:40Z","response_code":200,"response_flags":"-","method":"GET"})";
    const std::string prefix = "2025-12-31T17:37:40.493035218+01:00 stdout ";
    const auto out = accept(prefix + "F " + call + "\n" + prefix + "P " + call.substr(0, 20) +
                                "\n" + prefix + "F " + call.substr(20) + "\n",
                            "auto");
    EXPECT_EQ(out.format, "envoy");
    EXPECT_EQ(out.lines, call + "\n" + call + "\n");
}

TEST(Gate, DecodesPubSubPushes) {
    const std::string entry =
        R"({"logName":"projects/p/logs/x","protoPayload":{},"timestamp":"2024-07-02T06:31:31Z","insertId":"i"})";
    const std::string bytes =
        base::base64(std::span(reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()));
    const auto out =
        accept(R"({"message":{"data":")" + bytes + R"("},"subscription":"s"})", "auto");
    EXPECT_EQ(out.format, "gcp-audit");
    EXPECT_EQ(out.lines, entry + "\n");
}

TEST(Gate, DetectsEachFormat) {
    const auto detected = [](std::string_view body) { return accept(body, "auto").format; };
    EXPECT_EQ(detected(R"({"class_uid":6003,"metadata":{"version":"1.1.0"},"time":1})"), "ocsf");
    EXPECT_EQ(detected(R"({"started_at":1726783839539,"latencies":{},"request":{"method":"GET"}})"),
              "kong");
    EXPECT_EQ(detected(R"({"remote_addr":"1.2.3.4","request":"GET / HTTP/1.1","msec":1})"),
              "nginx-json");
    EXPECT_EQ(
        detected(R"({"call_type":"acompletion","model":"m","startTime":"2025-01-24 09:20:46"})"),
        "litellm");
    EXPECT_EQ(detected(R"({"time":1,"key":"k","operation":"o"})"), "native");
    EXPECT_EQ(detected(R"(1.2.3.4 - - [26/Dec/2016:16:16:29 +0200] "GET / HTTP/1.1" 404 -)"),
              "access-log");
    const auto unknown = accept("{\"a\":1}\nx\n", "auto");
    EXPECT_EQ(unknown.format, "auto");
    EXPECT_EQ(codes(unknown), "1:unknown_format 2:unknown_format");
}

TEST(Gate, DoesNotTakeActionTrailForCloudTrail) {
    EXPECT_EQ(
        accept(
            R"({"eventVersion":"1","acsRegion":"cn","eventName":"x","serviceName":"Ecs","userIdentity":{"type":"t"}})",
            "auto")
            .format,
        "auto");
}

// ---- Secrets ----

TEST(Gate, LeavesNoSecretInLinesOrSamples) {
    const std::string secret = std::string("sk-") + "abcdef0123456789abcdef";
    const auto out = accept(R"({"time":1,"note":")" + secret + "\"}\n{\"note\":\"" + secret +
                                "\"}\n" + "broken " + secret + " " + std::string(600, 'x') + "\n",
                            "native");
    EXPECT_EQ(out.records, 1u);
    EXPECT_THAT(out.lines, Not(HasSubstr(secret)));
    EXPECT_THAT(out.lines, HasSubstr("scrubbed:"));
    ASSERT_EQ(out.rejects.size(), 2u);
    for (const Reject& reject : out.rejects) {
        EXPECT_THAT(reject.sample, Not(HasSubstr(secret)));
        EXPECT_LE(reject.sample.size(), 512u);
    }
}

TEST(Gate, MakesAKeyIdOfACallersKey) {
    const auto out = test::ingest(R"({"time":1,"api_key":"0123456789abcdef0123456789"})", "native");
    EXPECT_THAT(out.at("actor.user.credential_uid"), testing::StartsWith("kh_"));
    EXPECT_EQ(out.at("actor.user.credential_uid").size(), 29u);
    EXPECT_EQ(test::ingest(R"({"time":1,"api_key":"key_1"})", "native").at("key_uid"), "key_1");
}

TEST(Gate, NotesScrubbedRecords) {
    const auto out = test::ingest(R"({"time":1,"url":"/v1?api_key=0123456789abcdef"})", "native");
    EXPECT_TRUE(out.header().notes & call::note_scrubbed);
    EXPECT_THAT(out.at("http_request.url"), HasSubstr("/v1?api_key=scrubbed:"));
}

TEST(Gate, MakesSamplesThatCanBeStored) {
    const auto out = accept(
        std::string("\xff\x00 bad", 6) + std::string(508, 'x') + "\xc3\xa9\xc3\xa9", "native");
    ASSERT_EQ(out.rejects.size(), 1u);
    EXPECT_LE(out.rejects[0].sample.size(), 512u);
    EXPECT_TRUE(base::utf8::valid(out.rejects[0].sample));
    EXPECT_EQ(out.rejects[0].sample.find('\0'), std::string::npos);
}

}  // namespace
}  // namespace decode
