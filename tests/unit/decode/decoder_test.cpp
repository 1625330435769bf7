#include "decode/decoder.hpp"

#include "call/address.hpp"
#include "support.hpp"

#include <gmock/gmock.h>

#include <random>

namespace decode {
namespace {

using test::decode;
using testing::EndsWith;

TEST(Decoder, FillsOnlyWantedNamesByTheirPaths) {
    const auto out =
        decode(R"({"time":"2025-06-01T00:00:00Z","a":{"b":[1,"x"]},"c.d":true,"e":null})", "json",
               {"a.b", "a", "c.d", "e", "f"});
    EXPECT_EQ(out.at("a.b"), "[1, x]");
    EXPECT_EQ(out.at("a"), "<object>");
    EXPECT_EQ(out.at("c.d"), "true");
    EXPECT_EQ(out.at("e"), "<null>");
    EXPECT_EQ(out.at("f"), "<absent>");
}

TEST(Decoder, FillsFactsFromTheRecordForPlainJsonOnly) {
    const std::string record = R"({"time":"2025-06-01T00:00:00Z","licence":{"state":"lapsed"}})";
    EXPECT_EQ(decode(record, "json").at("licence.state"), "lapsed");
    EXPECT_EQ(decode(record, "native").at("licence.state"), "<absent>");
}

TEST(Decoder, TakesTheFirstTimeAndTheArrivalWhenPlainJsonHasNone) {
    EXPECT_EQ(
        base::to_rfc3339(decode(R"({"eventTime":"2024-01-01T00:00:00Z"})", "json").header().time),
        "2024-01-01T00:00:00Z");
    const auto out = decode(R"({"a":1})", "json");
    EXPECT_EQ(base::micros(out.header().time), base::micros(test::arrival));
    EXPECT_TRUE(out.header().notes & call::note_time_missing);
    EXPECT_EQ(decode(R"({"timestamp":"soon"})", "json").rejects.at(0).code,
              RejectCode::bad_timestamp);
}

TEST(Decoder, NumbersRecordsByTheirLineAndCountsBlankOnes) {
    const auto out = decode("{\"time\":1}\r\n\nbad\n{\"time\":2}\n", "json");
    ASSERT_EQ(out.batch->size(), 2u);
    EXPECT_EQ(out.header(0).record, 0u);
    EXPECT_EQ(out.header(1).record, 3u);
    EXPECT_EQ(out.header(0).raw, "{\"time\":1}");
    EXPECT_NE(out.header(0).id, out.header(1).id);
    ASSERT_EQ(out.rejects.size(), 1u);
    EXPECT_EQ(out.rejects[0].line, 3u);
}

TEST(Decoder, ListsAllScalarsUnderTheStar) {
    const auto out =
        decode(R"({"time":5,"a":{"b":["x",{"c":true}],"d":null},"e":1.5})", "json", {"*"});
    EXPECT_EQ(out.at("*"), "[5, x, true, 1.5]");
}

TEST(Decoder, NotesTimesAheadOfTheArrival) {
    EXPECT_TRUE(decode(R"({"time":"2030-01-01T00:00:00Z"})", "json").header().notes &
                call::note_future);
    EXPECT_FALSE(decode(R"({"time":"2025-06-15T15:10:00Z"})", "json").header().notes &
                 call::note_future);
}

TEST(Decoder, CutsLongFieldsAndKeepsThemApart) {
    const std::string agent(3000, 'x');
    const auto a = decode(R"({"time":1,"user_agent":")" + agent + "a\"}", "native");
    const auto b = decode(R"({"time":1,"user_agent":")" + agent + "b\"}", "native");
    EXPECT_EQ(a.at("http_request.user_agent").size(), 1024u);
    EXPECT_NE(a.at("http_request.user_agent"), b.at("http_request.user_agent"));
    EXPECT_TRUE(a.header().notes & call::note_cut);
    EXPECT_EQ(
        decode(R"({"time":1,"actor":")" + agent + "\"}", "native").at("actor.user.uid").size(),
        256u);
}

TEST(Decoder, KeepsSourcesThatAreNoAddressAsText) {
    const auto ip = [](const std::string& text) {
        return decode(R"({"time":1,"ip":")" + text + "\"}", "native");
    };
    EXPECT_EQ(ip("203.0.113.9:443").at("src_endpoint.ip"), "203.0.113.9");
    EXPECT_EQ(ip("[2001:DB8::1]:443").at("src_endpoint.ip"), "2001:db8::1");
    EXPECT_EQ(ip("::ffff:1.2.3.4").at("src_endpoint.ip"), "1.2.3.4");
    for (const char* text : {"253.252.51.07", "035.249.253.232", "0177.0.0.1", "81.2.69.***",
                             "secretsmanager.amazonaws.com", "fe80::1%eth0", "AWS Internal"}) {
        const auto out = ip(text);
        EXPECT_EQ(out.at("src_endpoint.ip"), "<absent>") << text;
        EXPECT_EQ(out.at("src_endpoint.domain"), text);
        EXPECT_TRUE(out.header().notes & call::note_address_invalid);
    }
    EXPECT_FALSE(ip("203.0.113.9").header().notes & call::note_address_invalid);
}

TEST(Decoder, ReadsCloudTrail) {
    const auto out = decode(
        R"({"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROA:s","arn":"arn:aws:sts::1:assumed-role/r/s","accountId":"1","accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/r","userName":"r"},"attributes":{"mfaAuthenticated":"true"}}},"eventTime":"2023-07-10T11:42:18Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2","errorCode":"AccessDenied","errorMessage":"no","requestID":"r1","eventID":"e1","readOnly":true,"recipientAccountId":"2","resources":[{"ARN":"arn:a","type":"t1"},{"ARN":"arn:b","type":"t2"}],"additionalEventData":{"bytesTransferredOut":5.0},"tlsDetails":{"tlsVersion":"TLSv1.2","cipherSuite":"c"}})",
        "aws-cloudtrail", {"userIdentity.type"});
    ASSERT_TRUE(out.rejects.empty());
    EXPECT_EQ(out.at("key_uid"), "ASIA1");
    EXPECT_EQ(out.at("tenant_uid"), "2");
    EXPECT_EQ(out.at("actor.user.account.uid"), "1");
    EXPECT_EQ(out.at("actor.user.name"), "r");
    EXPECT_EQ(out.at("actor.session.issuer"), "arn:aws:iam::1:role/r");
    EXPECT_EQ(out.at("actor.session.uid"), "ASIA1");
    EXPECT_EQ(out.kind("actor.session.is_mfa"), call::Value::Kind::boolean);
    EXPECT_EQ(out.at("src_endpoint.ip"), "198.51.100.7");
    EXPECT_EQ(out.at("api.operation"), "GetObject");
    EXPECT_EQ(out.at("activity_id"), "2");
    EXPECT_EQ(out.at("status_id"), "2");
    EXPECT_EQ(out.at("api.response.error"), "AccessDenied");
    EXPECT_EQ(out.at("resources.uid"), "[arn:a, arn:b]");
    EXPECT_EQ(out.at("http_response.length"), "5");
    EXPECT_EQ(out.at("tls.version"), "TLSv1.2");
    EXPECT_EQ(out.at("time"), "2023-07-10T11:42:18Z");
    EXPECT_EQ(out.at("userIdentity.type"), "AssumedRole");
    EXPECT_EQ(out.at("cloud.provider"), "aws");
}

TEST(Decoder, ReadsLowerCasedCloudTrailWithoutKey) {
    const auto out = decode(
        R"({"eventtime":"2023-07-10T11:42:18Z","eventname":"ConsoleLogin","eventsource":"signin.amazonaws.com","useridentity":{"accesskeyid":"","accountid":"7","username":"HIDDEN_DUE_TO_SECURITY_REASONS"},"responseelements":{"consolelogin":"Failure"}})",
        "aws-cloudtrail");
    EXPECT_EQ(out.at("key_uid"), "<absent>");
    EXPECT_EQ(out.at("tenant_uid"), "7");
    EXPECT_EQ(out.at("actor.user.name"), "<absent>");
    EXPECT_EQ(out.at("status_id"), "2");
}

TEST(Decoder, ReadsApiManagement) {
    const auto out = decode(
        R"({"time":"2024-07-02T06:31:31.4465902Z","category":"GatewayLogs","callerIpAddress":"198.51.100.7","correlationId":"c","durationMs":462680,"isRequestSuccess":true,"location":"East US","operationName":"Microsoft.ApiManagement/GatewayLogs","resourceId":"/SUBSCRIPTIONS/12CABCB4/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.APIMANAGEMENT/SERVICE/S","properties":{"apiId":"echo","operationId":"get","method":"POST","url":"https://x/y","responseCode":201,"requestSize":10,"responseSize":20,"clientTlsVersion":"1.3","apimSubscriptionId":"sub1"}})",
        "azure-resource-log");
    EXPECT_EQ(out.at("tenant_uid"), "12cabcb4");
    EXPECT_EQ(out.at("key_uid"), "sub1");
    EXPECT_EQ(out.at("api.operation"), "echo/get");
    EXPECT_EQ(out.at("http_response.code"), "201");
    EXPECT_EQ(out.at("duration"), "462680");
    EXPECT_EQ(out.at("status_id"), "1");
    EXPECT_EQ(out.at("metadata.product.name"), "microsoft.apimanagement");
    EXPECT_EQ(out.at("cloud.region"), "East US");
}

TEST(Decoder, ReadsAzureOpenAiWithPropertiesInAText) {
    const auto out = decode(
        R"({"Tenant":"eastus","callerIpAddress":"81.2.69.***","category":"RequestResponse","durationMs":102,"operationName":"ChatCompletions_Create","properties":"{\"apiName\":\"a\",\"requestLength\":2,\"responseLength\":113,\"objectId\":\"\",\"modelDeploymentName\":\"gpt\"}","resourceId":"/SUBSCRIPTIONS/A/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/B","resultSignature":"429","time":"2024-04-08T12:23:02.4350000Z"})",
        "azure-resource-log", {"properties.apiName"});
    EXPECT_EQ(out.at("http_request.length"), "2");
    EXPECT_EQ(out.at("gen_ai.request.model"), "gpt");
    EXPECT_EQ(out.at("http_response.code"), "429");
    EXPECT_EQ(out.at("status_id"), "2");
    EXPECT_EQ(out.at("src_endpoint.ip"), "<absent>");
    EXPECT_EQ(out.at("src_endpoint.domain"), "81.2.69.***");
    EXPECT_EQ(out.at("properties.apiName"), "a");
    EXPECT_EQ(out.at("actor.user.uid"), "<absent>");
}

TEST(Decoder, ReadsGoogleAuditEntries) {
    const auto out = decode(
        R"({"insertId":"i","logName":"projects/p1/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2024-01-01T00:00:00.123456789Z","resource":{"type":"gcs_bucket","labels":{"location":"eu"}},"protoPayload":{"serviceName":"storage.googleapis.com","methodName":"storage.buckets.delete","status":{"code":7,"message":"denied"},"authenticationInfo":{"principalEmail":"a@b","serviceAccountKeyName":"//iam.googleapis.com/projects/p/serviceAccounts/e/keys/K1"},"requestMetadata":{"callerIp":"gce-internal-ip","callerSuppliedUserAgent":"ua"},"resourceName":"projects/_/buckets/b"}})",
        "gcp-audit");
    EXPECT_EQ(out.at("key_uid"), "K1");
    EXPECT_EQ(out.at("tenant_uid"), "p1");
    EXPECT_EQ(out.at("metadata.log_name"), "activity");
    EXPECT_EQ(out.at("src_endpoint.domain"), "gce-internal-ip");
    EXPECT_EQ(out.at("status_id"), "2");
    EXPECT_EQ(out.at("api.response.error"), "PERMISSION_DENIED");
    EXPECT_EQ(out.at("cloud.region"), "eu");
}

TEST(Decoder, ReadsGoogleLoadBalancerEntriesInAnySpelling) {
    const auto out = decode(
        R"({"insertid":"i","logname":"projects/p1/logs/requests","timestamp":"2024-01-01T00:00:00Z","httprequest":{"requestmethod":"GET","requesturl":"https://h/x","status":404,"responsesize":"17","latency":"0.048s","remoteip":"198.51.100.7"}})",
        "gcp-audit");
    EXPECT_EQ(out.at("api.operation"), "GET https://h/x");
    EXPECT_EQ(out.at("duration"), "48");
    EXPECT_EQ(out.at("http_response.length"), "17");
    EXPECT_EQ(out.at("status_id"), "2");
}

TEST(Decoder, ReadsOcsfOfOldAndNewVersions) {
    const auto out = decode(
        R"({"class_uid":6003,"time":1688988138000,"metadata":{"version":"1.0.0-rc.2","uid":"u"},"actor":{"user":{"credential_uid":"AKIA1","account_uid":"9"},"session":{"mfa":false}},"src_endpoint":{"ip":"autoscaling.amazonaws.com"},"api":{"operation":"Op","service":{"name":"s"}},"status_id":1,"cloud":{"provider":"AWS","region":"r"}})",
        "ocsf", {"unmapped.a.b"});
    EXPECT_EQ(out.at("key_uid"), "AKIA1");
    EXPECT_EQ(out.at("tenant_uid"), "9");
    EXPECT_EQ(out.at("actor.session.is_mfa"), "false");
    EXPECT_EQ(out.at("src_endpoint.domain"), "autoscaling.amazonaws.com");
    EXPECT_EQ(out.at("status_id"), "1");
    EXPECT_EQ(base::to_rfc3339(out.header().time), "2023-07-10T11:22:18Z");
}

TEST(Decoder, ReadsGateways) {
    const auto envoy = decode(
        R"({":authority":"a","start_time":"2025-12-31T16:37:40.479Z","method":"GET","x-envoy-origin-path":"/p","response_code":503,"response_flags":"UH","bytes_received":1,"bytes_sent":2,"duration":11,"downstream_remote_address":"10.0.0.12:59292","x-forwarded-for":"198.51.100.7, 10.0.0.12"})",
        "envoy");
    EXPECT_EQ(envoy.at("src_endpoint.ip"), "198.51.100.7");
    EXPECT_EQ(envoy.at("src_endpoint.intermediate_ips"), "[198.51.100.7, 10.0.0.12]");
    EXPECT_EQ(envoy.at("http_request.length"), "1");
    EXPECT_EQ(envoy.at("http_response.length"), "2");
    EXPECT_EQ(envoy.at("api.response.error"), "UH");
    const auto kong = decode(
        R"({"started_at":1726783839539,"client_ip":"198.51.100.7","latencies":{"request":176},"request":{"method":"GET","uri":"/x","headers":{"user-agent":"h"},"size":"139"},"response":{"status":200,"size":9982},"consumer":{"id":"c1","username":"n"},"authenticated_entity":{"id":"k1"},"route":{"name":"r"},"workspace_name":"w"})",
        "kong");
    EXPECT_EQ(kong.at("key_uid"), "k1");
    EXPECT_EQ(kong.at("tenant_uid"), "w");
    EXPECT_EQ(kong.at("api.operation"), "GET r");
    EXPECT_EQ(kong.at("http_request.length"), "139");
    const auto lite = decode(
        R"({"request_id":"r","call_type":"acompletion","api_key":"","startTime":"2025-01-24 09:20:46.847371","model":"gpt-4o","user":"","prompt_tokens":10,"completion_tokens":20,"spend":0.00022,"cache_hit":"None","requester_ip_address":"127.0.0.1","metadata":"{\"user_api_key_alias\":\"al\",\"user_agent\":\"ua\"}"})",
        "litellm");
    EXPECT_EQ(lite.at("key_uid"), "al");
    EXPECT_EQ(lite.at("http_request.user_agent"), "ua");
    EXPECT_EQ(lite.at("gen_ai.usage.output_tokens"), "20");
    EXPECT_TRUE(lite.header().notes & call::note_zone_assumed);
}

TEST(Decoder, ToleratesNginxsByteEscapes) {
    const auto out = decode(
        R"({"msec":"1700000000.123","remote_addr":"198.51.100.7","request":"GET /\xC3\xA9\x22 HTTP/1.1","status":"404","http_user_agent":"\xFF\x00","request_time":"0.012"})",
        "nginx-json");
    ASSERT_EQ(out.batch->size(), 1u);
    EXPECT_EQ(out.at("http_request.url"), "/\xC3\xA9\"");
    EXPECT_EQ(out.at("http_request.user_agent"), std::string("\xC3\xBF\0", 3));
    EXPECT_TRUE(out.header().notes & call::note_escape_tolerated);
    EXPECT_EQ(out.at("duration"), "12");
    EXPECT_EQ(decode(R"({"time":1,"a":"\xC3"})", "native").rejects.size(), 1u);
}

TEST(Decoder, ReadsAccessLines) {
    const auto out = decode(
        R"(shop.example 203.0.113.9, 10.0.0.1 - frank [10/Oct/2024:13:55:36 -0700] "GET /a HTTP/1.1" 500 - "-" "curl/8")",
        "access-log", {"*"});
    EXPECT_EQ(out.at("src_endpoint.ip"), "203.0.113.9");
    EXPECT_EQ(out.at("src_endpoint.intermediate_ips"), "[203.0.113.9, 10.0.0.1]");
    EXPECT_EQ(out.at("tenant_uid"), "shop.example");
    EXPECT_EQ(out.at("actor.user.uid"), "frank");
    EXPECT_EQ(out.at("http_response.length"), "0");
    EXPECT_EQ(out.at("http_request.referrer"), "<absent>");
    EXPECT_EQ(out.at("status_id"), "2");
    EXPECT_EQ(base::to_rfc3339(out.header().time), "2024-10-10T20:55:36Z");
}

TEST(Decoder, TakesShortNestedAndDottedNames) {
    for (
        const char* record :
        {R"({"time":1,"key_uid":"k","operation":"o","status":"200"})",
         R"({"time":1,"actor.user.credential_uid":"k","api.operation":"o","http_response.code":200})",
         R"({"time":1,"actor":{"user":{"credential_uid":"k"}},"api":{"operation":"o"},"http_response":{"code":200}})"}) {
        const auto out = decode(record, "native");
        EXPECT_EQ(out.at("key_uid"), "k") << record;
        EXPECT_EQ(out.at("api.operation"), "o");
        EXPECT_EQ(out.at("http_response.code"), "200");
        EXPECT_EQ(out.kind("http_response.code"), call::Value::Kind::integer);
        EXPECT_EQ(out.at("status_id"), "1");
    }
    EXPECT_EQ(decode(R"({"time":1,"status":200.5})", "native").at("http_response.code"),
              "<absent>");
}

TEST(Decoder, LendsTextsThatStandInTheLines) {
    const auto out =
        decode("{\"time\":1,\"a\":\"plain\",\"b\":\"esc\\taped\"}\n" + std::string(100, '\n'),
               "json", {"a", "b"});
    const auto lent = [&](std::string_view name) {
        const char* data = (*out.batch)[0].at(out.names->find(name)).text().data();
        return data >= out.lines.data() && data < out.lines.data() + out.lines.size();
    };
    EXPECT_TRUE(lent("a"));
    EXPECT_FALSE(lent("b"));
    EXPECT_EQ(out.at("b"), "esc\taped");
}

TEST(Decoder, TakesAsAddressesWhatIsOne) {
    std::mt19937 random(5);
    std::string lines;
    std::vector<std::string> texts;
    for (int i = 0; i < 5000; ++i) {
        std::string text;
        for (unsigned part = 0; part < 3 + random() % 3; ++part) {
            if (part > 0) text += random() % 30 == 0 ? ".." : ".";
            text += random() % 20 == 0 ? "0" + std::to_string(random() % 20)
                                       : std::to_string(random() % 300);
        }
        if (random() % 20 == 0) text += 'x';
        lines += R"({"time":1,"ip":")" + text + "\"}\n";
        texts.push_back(text);
    }
    const auto out = decode(lines, "native");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string wanted = call::parse_address(texts[i]) ? texts[i] : "<absent>";
        ASSERT_EQ(out.at("src_endpoint.ip", i), wanted) << texts[i];
    }
}

TEST(Decoder, LooksUpMoreOperationsThanItRemembers) {
    const std::vector<std::pair<std::string, std::string>> prefixes = {
        {"Get", "2"}, {"Put", "1"}, {"BatchGet", "2"}, {"Delete", "4"}, {"Odd", "99"}};
    std::string lines;
    for (int i = 0; i < 4000; ++i) {
        lines += R"({"eventTime":"2025-06-01T00:00:00Z","eventName":")" +
                 prefixes[static_cast<std::size_t>(i) % 5].first + std::to_string(i % 2000) +
                 "\"}\n";
    }
    const auto out = decode(lines, "aws-cloudtrail");
    for (std::size_t i = 0; i < 4000; ++i) {
        ASSERT_EQ(out.at("activity_id", i), prefixes[i % 5].second);
    }
}

TEST(Decoder, ReusesABatchThatWasCleared) {
    auto names = std::make_shared<call::Names>();
    const auto slot = names->add("a");
    Decoder decoder(test::format("json"), names);
    call::Batch batch(names);
    std::vector<Reject> rejects;
    for (int round = 0; round < 3; ++round) {
        std::string lines;
        for (int i = 0; i < 2000; ++i)
            lines += "{\"time\":1,\"a\":\"text" + std::to_string(i) + "\"}\n";
        batch.clear();
        decoder.decode(lines, 0, test::arrival, batch, rejects);
        ASSERT_EQ(batch.size(), 2000u);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            ASSERT_THAT(test::to_text(batch[i].at(slot)), EndsWith(std::to_string(i)));
        }
    }
}

}  // namespace
}  // namespace decode
