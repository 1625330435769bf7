#include "origin/client.hpp"

#include <gtest/gtest.h>

#include <random>

namespace origin {
namespace {

struct Case {
    const char* agent;
    const char* family;
    const char* version;
    const char* platform;
    const char* app;
};

class KnownAgent : public testing::TestWithParam<Case> {};

TEST_P(KnownAgent, IsRead) {
    const Client client = parse_client(GetParam().agent);
    EXPECT_EQ(client.family, GetParam().family);
    EXPECT_EQ(client.version, GetParam().version);
    EXPECT_EQ(client.platform, GetParam().platform);
    EXPECT_EQ(client.app, GetParam().app);
    EXPECT_EQ(client.skeleton, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, KnownAgent,
    testing::Values(
        Case{"curl/8.4.0", "curl", "8.4", "", ""}, Case{"Boto3/1.34.2", "boto3", "1.34", "", ""},
        Case{"python-requests/2.31.0", "python-requests", "2.31", "", ""},
        Case{"[aws-cli/1.16.301 Python/3.7.2 Linux/4.14.133 botocore/1.13.37]", "aws-cli", "1.16",
             "linux", ""},
        Case{"Boto3/1.34.1 md/Botocore#1.34.1 ua/2.0 os/linux#5.10.0 md/arch#x86_64 "
             "lang/python#3.11.4 cfg/retry-mode#legacy app/face-exporter Botocore/1.34.1",
             "boto3", "1.34", "linux", "face-exporter"},
        Case{"MyPayroll/2.1.7 python-requests/2.31.0", "python-requests", "2.31", "", "mypayroll"},
        Case{"azsdk-python-ai-vision-face/1.0.0b1 Python/3.11.4 (Linux-5.15.0-x86_64)",
             "azsdk-python-ai-vision-face", "1.0", "linux", ""},
        Case{"Terraform/1.5.7 (+https://www.terraform.io) terraform-provider-aws/4.0 "
             "aws-sdk-go/1.44.200 (go1.19.4; linux; amd64)",
             "terraform", "1.5", "linux", ""},
        Case{"kubectl/v1.26.3 (linux/amd64) kubernetes/9e64410", "kubectl", "1.26", "linux", ""},
        Case{"Ruby Faraday v2.20", "faraday", "2.20", "", ""},
        Case{"okhttp/4.9.3", "okhttp", "4.9", "", ""},
        Case{"RobinRecipes/5.2 (Android 14; Pixel 8)", "robinrecipes", "5.2", "android", ""},
        Case{"RobinRecipes/5.2 (iOS 17.4) CFNetwork/1494 Darwin/23.4", "cfnetwork", "1494", "ios",
             "robinrecipes"},
        Case{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
             "Chrome/120.0.6099.71 Safari/537.36",
             "chrome", "120.0", "browser", ""},
        Case{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
             "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.61",
             "edge", "120.0", "browser", ""},
        Case{"Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) "
             "Chrome/112.0.0.0 Mobile Safari/537.36",
             "chrome", "112.0", "android", ""},
        Case{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 "
             "(KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
             "safari", "17.1", "ios", ""},
        Case{"Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", "firefox",
             "121.0", "browser", ""},
        Case{"Mozilla/5.0 (compatible; Examplebot/2.1; +http://example.com/bot)", "examplebot",
             "2.1", "", ""},
        Case{"ESP32HTTPClient/1.0", "esp32httpclient", "1.0", "embedded", ""},
        Case{"AWS Internal", "aws", "", "", ""},
        Case{"cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com", "", "", ""},
        Case{"", "", "", "", ""}, Case{"-", "", "", "", ""}, Case{"  ", "", "", "", ""}));

TEST(Client, IgnoresCaseAndPatchVersionsAndDeviceModels) {
    EXPECT_EQ(parse_client("BOTO3/1.34.2"), parse_client("boto3/1.34.99"));
    EXPECT_EQ(parse_client("Mozilla/5.0 (Linux; Android 13; SM-S901B) Chrome/112.0.1.2 Mobile"),
              parse_client("Mozilla/5.0 (Linux; Android 11; Pixel 4) Chrome/112.0.3.4 Mobile"));
}

TEST(Client, CallsOtherWhatFollowsNoGrammarAndTellsShapesApart) {
    const Client one = parse_client("{\"sdk\": \"v1\", \"id\": 4711}");
    const Client same = parse_client("{\"lib\": \"x22\", \"no\": 8}");
    const Client another = parse_client("<sdk v=1>");
    EXPECT_EQ(one.family, "other");
    EXPECT_EQ(one.version, "");
    EXPECT_EQ(one.skeleton.size(), 16);
    EXPECT_EQ(one.skeleton, same.skeleton);
    EXPECT_NE(one.skeleton, another.skeleton);
}

TEST(Client, ReadsNoMoreThan512Bytes) {
    const std::string long_tail = "curl/8.4 (" + std::string(10'000, 'x') + ")";
    EXPECT_EQ(parse_client(long_tail).family, "curl");
    EXPECT_EQ(parse_client(std::string(100'000, 'a')).family, "other");
    EXPECT_EQ(parse_client(std::string(100'000, '(')).family, "other");
}

TEST(Client, KeepsAtMostFourAppNames) {
    EXPECT_EQ(parse_client("curl/8 a/1 b/1 c/1 d/1 e/1").app, "a b c d");
}

TEST(Client, TakesControlBytesForBlanks) {
    EXPECT_EQ(parse_client("curl/8.4\x01zed/1\x7f").app, "zed");
}

TEST(Client, SurvivesAnyBytes) {
    std::mt19937 random(9);
    const std::string alphabet = "aZ09/.()[];- \x01\xff{}\"#";
    for (int round = 0; round < 20'000; ++round) {
        std::string agent = round % 3 == 0 ? "Mozilla/5.0 " : "";
        for (unsigned i = static_cast<unsigned>(random() % 40); i > 0; --i)
            agent += alphabet[random() % alphabet.size()];
        const Client client = parse_client(agent);
        EXPECT_LE(client.family.size(), 64);
    }
}

}  // namespace
}  // namespace origin
