#include "http/router.hpp"

#include "http/target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

http::Handler nothing() {
    return [](http::Request&) -> boost::asio::awaitable<http::Response> {
        co_return http::Response::empty();
    };
}

http::Router sample() {
    http::Router router;
    router.add("GET", "/v1/alerts/{id}", http::Access::open(), nothing());
    router.add("PATCH", "/v1/alerts/{id}", http::Access::open(), nothing());
    router.add("POST", "/v1/alerts/bulk", http::Access::open(), nothing());
    router.add("GET", "/v1/alerts/{id}/notes/{note}", http::Access::open(), nothing());
    router.add("GET", "/", http::Access::open(), nothing());
    return router;
}

std::string pattern(const http::Router& router, std::string_view method, std::string_view target,
                    std::string_view parameter = {}, std::string* value = nullptr) {
    const auto request = http::Request::of(method, target);
    const auto match = router.match(*request);
    if (value != nullptr) *value = request->parameter(parameter);
    return match.route != nullptr ? match.route->pattern : "(" + match.allow + ")";
}

TEST(Router, FindsRoutesAndTheirParameters) {
    const auto router = sample();
    std::string value;
    EXPECT_EQ(pattern(router, "GET", "/v1/alerts/a%2Fb?x=1", "id", &value), "/v1/alerts/{id}");
    EXPECT_EQ(value, "a/b");
    EXPECT_EQ(pattern(router, "GET", "/v1/alerts/a/notes/7", "note", &value),
              "/v1/alerts/{id}/notes/{note}");
    EXPECT_EQ(value, "7");
    EXPECT_EQ(pattern(router, "GET", "/"), "/");
    EXPECT_EQ(pattern(router, "HEAD", "/"), "/");
}

TEST(Router, PrefersLiteralSegments) {
    EXPECT_EQ(pattern(sample(), "POST", "/v1/alerts/bulk"), "/v1/alerts/bulk");
    EXPECT_EQ(pattern(sample(), "GET", "/v1/alerts/bulk"), "/v1/alerts/{id}");
}

TEST(Router, ListsTheMethodsOfAKnownPath) {
    EXPECT_EQ(pattern(sample(), "DELETE", "/v1/alerts/x"), "(GET, HEAD, PATCH)");
    EXPECT_EQ(pattern(sample(), "POST", "/"), "(GET, HEAD)");
}

TEST(Router, KnowsNoOtherPaths) {
    for (const auto* target :
         {"/v1", "/v1/alerts", "/v1/alerts/", "/v1/alerts/x/", "//v1/alerts/x", "/v1/%61lerts/x",
          "/v1/alerts/%00", "/v1/alerts/%ff", "/v1/../v1/alerts/x/y"}) {
        EXPECT_EQ(pattern(sample(), "GET", target), "()") << target;
    }
}

TEST(Request, DecodesItsQuery) {
    const auto request = http::Request::of("GET", "/x?a=1&b=x+y%26&a=2&c&&d==", {{"A-b", "v"}});
    EXPECT_EQ(request->query("a"), "1");
    EXPECT_EQ(request->query("b"), "x y&");
    EXPECT_EQ(request->query("c"), "");
    EXPECT_EQ(request->query("d"), "=");
    EXPECT_FALSE(request->query("e"));
    EXPECT_EQ(request->query().size(), 5U);
    EXPECT_EQ(request->path(), "/x");
    EXPECT_EQ(request->header("a-B"), "v");
    EXPECT_FALSE(request->header("a"));
}

TEST(PercentDecoded, RefusesControlBytesAndBadUtf8) {
    EXPECT_EQ(http::percent_decoded("%C3%a9+%2b"), "\xc3\xa9++");
    for (const auto* text : {"%", "%a", "%g1", "%0", "%00", "%1f", "%7F", "%ff", "%c3"}) {
        EXPECT_FALSE(http::percent_decoded(text)) << text;
    }
}

}  // namespace
