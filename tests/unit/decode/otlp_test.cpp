#include "support.hpp"

#include <gmock/gmock.h>

namespace decode {
namespace {

test::Decoded through(std::string_view request, bool protobuf) {
    Gate gate(test::shipped(), test::scrub_key);
    const auto out = gate.accept_otlp(request, protobuf, test::arrival);
    EXPECT_TRUE(out) << (out ? "" : out.error().reason);
    if (!out) return {};
    auto decoded =
        test::decode(out->lines, out->format, {"resource.region", "n", "list", "body"}, false);
    decoded.rejects.insert(decoded.rejects.end(), out->rejects.begin(), out->rejects.end());
    return decoded;
}

TEST(Otlp, MakesNativeRecordsOfJson) {
    const auto out = through(
        R"({"resourceLogs":[{"resource":{"attributes":[{"key":"region","value":{"stringValue":"eu"}}]},
        "scopeLogs":[{"logRecords":[
          {"timeUnixNano":"1700000000000000000","severityText":"INFO","traceId":"0a0b",
           "body":{"stringValue":"{\"key_uid\":\"k1\",\"n\":1}"},
           "attributes":[{"key":"api.operation","value":{"stringValue":"op"}},{"key":"n","value":{"intValue":"9007199254740993"}},
                         {"key":"list","value":{"arrayValue":{"values":[{"boolValue":true},{"doubleValue":1.5}]}}}]},
          {"timeUnixNano":"0","observedTimeUnixNano":"1700000001000000000","body":{"kvlistValue":{"values":[{"key":"operation","value":{"stringValue":"two"}}]}}},
          {"body":{"stringValue":"no time"}}]}]}]})",
        false);
    ASSERT_EQ(out.batch->size(), 2u);
    EXPECT_EQ(out.at("api.operation"), "op");
    EXPECT_EQ(out.at("key_uid"), "k1");
    EXPECT_EQ(out.at("n"), "9007199254740993");
    EXPECT_EQ(out.at("list"), "[true, 1.5]");
    EXPECT_EQ(out.at("resource.region"), "eu");
    EXPECT_EQ(out.at("metadata.correlation_uid"), "0a0b");
    EXPECT_EQ(base::to_rfc3339(out.header(0).time), "2023-11-14T22:13:20Z");
    EXPECT_EQ(out.at("api.operation", 1), "two");
    EXPECT_EQ(base::to_rfc3339(out.header(1).time), "2023-11-14T22:13:21Z");
    ASSERT_EQ(out.rejects.size(), 1u);
    EXPECT_EQ(out.rejects[0].code, RejectCode::no_timestamp);
}

// A request by the wire format's own rules: tag = number << 3 | type.
std::string field(unsigned number, std::string_view bytes) {
    std::string out(1, static_cast<char>(number << 3 | 2));
    out += static_cast<char>(bytes.size());
    return out + std::string(bytes);
}

TEST(Otlp, MakesNativeRecordsOfProtobuf) {
    std::string record = "\x09";  // time_unix_nano, fixed64
    const std::uint64_t time = 1'700'000'000'000'000'000;
    for (unsigned i = 0; i < 8; ++i) record += static_cast<char>(time >> (8 * i));
    record += field(5, field(1, R"({"key_uid":"k1"})"));
    record += field(6, field(1, "operation") + field(2, field(1, "op")));
    record += field(9, std::string("\x0a\x0b", 2));
    const std::string request =
        field(1, field(1, field(1, field(1, "region") + field(2, field(1, "eu")))) +
                     field(2, field(2, record)));
    const auto out = through(request, true);
    ASSERT_EQ(out.batch->size(), 1u);
    EXPECT_EQ(out.at("key_uid"), "k1");
    EXPECT_EQ(out.at("api.operation"), "op");
    EXPECT_EQ(out.at("resource.region"), "eu");
    EXPECT_EQ(out.at("metadata.correlation_uid"), "0a0b");
}

TEST(Otlp, RefusesWhatIsNoRequest) {
    Gate gate(test::shipped(), test::scrub_key);
    EXPECT_FALSE(gate.accept_otlp("{}", false, test::arrival));
    EXPECT_FALSE(gate.accept_otlp(R"({"resourceLogs":[{)", false, test::arrival));
    EXPECT_FALSE(gate.accept_otlp("[]", false, test::arrival));
    EXPECT_FALSE(gate.accept_otlp("\xff\xff\xff", true, test::arrival));
    EXPECT_TRUE(gate.accept_otlp("", true, test::arrival));
}

}  // namespace
}  // namespace decode
