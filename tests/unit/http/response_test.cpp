#include "http/response.hpp"
#include "http/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Response, MakesProblemsWithTheRequestsId) {
    boost::json::object more;
    more["limit"] = 5;
    auto response = http::Response::problem(413, "body_too_large", "Too large", "Less.", more);
    http::add_request_id(response, "abc");
    const auto document = boost::json::parse(response.body).as_object();
    EXPECT_EQ(document.at("status"), 413);
    EXPECT_EQ(document.at("code"), "body_too_large");
    EXPECT_EQ(document.at("limit"), 5);
    EXPECT_EQ(document.at("request_id"), "abc");
    EXPECT_TRUE(document.at("type").as_string().ends_with("/body_too_large"));
    EXPECT_EQ(response.content_type, "application/problem+json");
}

TEST(Response, MakesAFaultAStatus) {
    using base::Fault;
    EXPECT_EQ(http::Response::problem(base::Error{Fault::invalid, "x"}).status, 400U);
    EXPECT_EQ(http::Response::problem(base::Error{Fault::unauthorised, "x"}).status, 403U);
    EXPECT_EQ(http::Response::problem(base::Error{Fault::not_found, "x"}).status, 404U);
    EXPECT_EQ(http::Response::problem(base::Error{Fault::conflict, "x"}).status, 409U);
    const auto busy = http::Response::problem(base::Error{Fault::exhausted, "x"});
    EXPECT_EQ(busy.status, 429U);
    EXPECT_EQ(busy.headers.at(0).first, "Retry-After");
    EXPECT_EQ(http::Response::problem(base::Error{Fault::unavailable, "x"}).status, 503U);
}

TEST(AnswerHead, LeavesOutHeadersThatWouldSplitIt) {
    const auto response = http::Response::text(200, "body")
                              .with("X-Good", "yes")
                              .with("X-Bad", "a\r\nSet-Cookie: b")
                              .with("X Bad", "c");
    const auto head =
        http::answer_head(response, {.request_id = "id", .date = "now", .close = true});
    EXPECT_THAT(head, HasSubstr("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head, HasSubstr("Content-Length: 4\r\n"));
    EXPECT_THAT(head, HasSubstr("X-Good: yes\r\n"));
    EXPECT_THAT(head, HasSubstr("Connection: close\r\n\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("Set-Cookie")));
    EXPECT_THAT(head, Not(HasSubstr("X Bad")));
}

TEST(AnswerHead, SendsNoLengthWhereNoneMayBe) {
    EXPECT_THAT(http::answer_head(http::Response::empty(), {}), Not(HasSubstr("Content-Length")));
}

TEST(HttpDate, FollowsTheExampleOfTheStandard) {
    EXPECT_EQ(http::http_date(std::chrono::sys_seconds(std::chrono::seconds(784111777))),
              "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
