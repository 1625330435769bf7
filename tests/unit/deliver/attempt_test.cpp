#include "deliver/attempt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace {

using Kind = deliver::Outcome::Kind;
using namespace std::chrono_literals;

const auto now = base::wall_time(1'700'000'000'000'000);

deliver::Delivery sample() {
    deliver::Delivery out;
    out.id = "msg_1";
    out.endpoint = "ep_1";
    out.url = "https://example.com/hook";
    out.secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    out.body = "{}";
    return out;
}

http::ClientResponse answered(unsigned status) {
    http::ClientResponse out;
    out.status = status;
    return out;
}

deliver::Outcome outcome(const base::Result<http::ClientResponse>& answer, unsigned attempt = 1) {
    auto delivery = sample();
    delivery.attempt = attempt;
    return deliver::outcome_of(delivery, answer, deliver::Schedule(), now, 0);
}

TEST(Attempt, SignsTheBytesItSends) {
    const auto request =
        deliver::request_of(sample(), *deliver::Gate::make({}), now, "Callerprint");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->body, "{}");
    const auto header = [&](std::string_view name) {
        const auto at =
            std::ranges::find(request->headers, name, [](const auto& pair) { return pair.first; });
        return at == request->headers.end() ? std::string() : at->second;
    };
    EXPECT_EQ(header("webhook-id"), "msg_1");
    EXPECT_EQ(header("webhook-timestamp"), "1700000000");
    EXPECT_TRUE(header("webhook-signature").starts_with("v1,"));
    EXPECT_EQ(header("Content-Type"), "application/json");
}

TEST(Attempt, IsRefusedByTheGateAndWithoutASecret) {
    auto inside = sample();
    inside.url = "https://127.0.0.1/";
    EXPECT_FALSE(deliver::request_of(inside, *deliver::Gate::make({}), now, "x"));
    auto unsigned_one = sample();
    unsigned_one.secrets.clear();
    EXPECT_FALSE(deliver::request_of(unsigned_one, *deliver::Gate::make({}), now, "x"));
}

TEST(Attempt, TakesEvery2xxForDelivered) {
    for (const unsigned status : {200U, 201U, 202U, 204U, 299U}) {
        EXPECT_EQ(outcome(answered(status)).kind, Kind::delivered);
    }
}

TEST(Attempt, RetriesWhatMayPass) {
    for (const unsigned status : {301U, 302U, 400U, 401U, 404U, 429U, 500U, 503U}) {
        const auto result = outcome(answered(status));
        EXPECT_EQ(result.kind, Kind::retry) << status;
        EXPECT_EQ(result.next, now + 5s);
        EXPECT_EQ(result.http_status, status);
        EXPECT_FALSE(result.error.empty());
    }
    EXPECT_EQ(outcome(base::fail(base::Fault::unavailable, "no answer")).error, "no answer");
}

TEST(Attempt, GivesUpAfterTheSchedule) {
    EXPECT_EQ(outcome(answered(500), 9).kind, Kind::retry);
    EXPECT_EQ(outcome(answered(500), 10).kind, Kind::dead);
}

TEST(Attempt, DisablesAnEndpointThatIsGone) {
    EXPECT_EQ(outcome(answered(410)).kind, Kind::disabled);
}

TEST(Attempt, HeedsRetryAfter) {
    auto busy = answered(503);
    busy.headers = {{"Retry-After", "3600"}};
    EXPECT_EQ(outcome(busy).next, now + 1h);
}

TEST(Attempt, KeepsASafeStartOfTheAnswer) {
    auto rude = answered(500);
    rude.body = "a\x1b[31m\r\n" + std::string(5'000, 'x');
    const auto kept = outcome(rude).answer;
    EXPECT_LE(kept.size(), 1024U);
    EXPECT_TRUE(kept.starts_with("a\\u001b[31m\\u000d\\u000a"));
}

}  // namespace
