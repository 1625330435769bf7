// What is decided before the database is asked; the rest is tested with the real program.
#include "api/leaks.hpp"

#include "api/code_host.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <vector>

namespace api {
namespace {

using api_test::CodeHost;

constexpr std::string_view token = "sk-live-Qx7mZr2TbW9kLp4VnHs8YcDf";

class Leaks : public testing::Test {
protected:
    Leaks() { add_leak_routes(router_, database_, reporting_, answering_, metrics_); }

    http::Response post(http::Request::Pairs headers, const std::string& body,
                        const std::string& peer = "192.0.2.1") {
        const auto request = http::Request::of("POST", "/v1/leaks", std::move(headers), body, peer);
        const auto match = router_.match(*request);
        EXPECT_NE(match.route, nullptr);
        std::optional<http::Response> out;
        boost::asio::io_context context;
        boost::asio::co_spawn(context, match.route->handler(*request),
                              [&](const std::exception_ptr& thrown, http::Response response) {
                                  EXPECT_EQ(thrown, nullptr);
                                  out = std::move(response);
                              });
        context.run();
        return *out;
    }

    [[nodiscard]] http::Request::Pairs signed_headers(const std::string& body) const {
        return {{"Github-Public-Key-Identifier", host_.identifier},
                {"Github-Public-Key-Signature", host_.sign(body)}};
    }

    [[nodiscard]] double outcomes(std::string_view name) {
        return metrics_.counter("callerprint_leak_reports_total", "", {{"outcome", name}}).value();
    }

    CodeHost host_{"host"};
    std::string body_ = R"([{"token":")" + std::string(token) + R"(","type":"t"}])";
    metrics::Registry metrics_;
    // Nobody listens there: what reaches the database fails at once.
    Database database_{{.session = {.url = "host=/nonexistent dbname=none"}, .threads = 1},
                       metrics_};
    std::shared_ptr<const ReporterKeys> keys_ = std::make_shared<const ReporterKeys>(
        *ReporterKeys::parse(api_test::keys_file({&host_, 1})));
    LeakReporting reporting_{.reporter = "reporter:host",
                             .keys = [this] { return keys_; },
                             .per_second = 50,
                             .max_bytes = 10'000};
    std::shared_ptr<const Answering> answering_ = std::make_shared<const Answering>(
        Answering{.hasher = registry::KeyHasher(std::string(32, 'i'), std::string(32, 's')),
                  .signing = base::SigningKey(std::string(32, 'a'))});
    http::Router router_;
};

TEST_F(Leaks, RefusesWhatIsNotSignedAndNeverSaysWhy) {
    const std::string refusal = post({}, body_).body;
    auto unknown = signed_headers(body_);
    unknown[0].second = "other";
    auto changed = signed_headers(body_ + " ");
    auto half = signed_headers(body_);
    half.pop_back();
    for (const auto& headers : {http::Request::Pairs{}, unknown, changed, half}) {
        const auto response = post(headers, body_);
        EXPECT_EQ(response.status, 401U);
        EXPECT_EQ(response.body, refusal);
    }
    EXPECT_EQ(outcomes("unsigned"), 5);
    EXPECT_EQ(outcomes("failed"), 0) << "none of them reached the database";
}

TEST_F(Leaks, HandsWhatIsSignedToTheDatabase) {
    const auto response = post(signed_headers(body_), body_);
    EXPECT_EQ(response.status, 503U);
    EXPECT_FALSE(response.body.contains(token));
    EXPECT_EQ(outcomes("failed"), 1);
}

TEST_F(Leaks, FollowsTheKeysWhenTheyAreReadAgain) {
    const auto before = signed_headers(body_);
    host_ = CodeHost("next");
    keys_ = std::make_shared<const ReporterKeys>(
        *ReporterKeys::parse(api_test::keys_file({&host_, 1})));
    EXPECT_EQ(post(before, body_).status, 401U);
    EXPECT_EQ(post(signed_headers(body_), body_).status, 503U);
}

TEST_F(Leaks, LimitsTheReportsOfAnAddress) {
    for (std::size_t i = 0; i < reporting_.per_second; ++i) EXPECT_EQ(post({}, body_).status, 401U);
    EXPECT_EQ(post(signed_headers(body_), body_).status, 429U);
    EXPECT_EQ(post(signed_headers(body_), body_, "192.0.2.2").status, 503U) << "another address";
    EXPECT_EQ(outcomes("limited"), 1);
}

TEST_F(Leaks, ReadsNoBodyBeyondItsLimit) {
    const std::string large(reporting_.max_bytes + 1, ' ');
    EXPECT_NE(post(signed_headers(large), large).status, 503U);
    EXPECT_EQ(outcomes("failed"), 0);
}

}  // namespace
}  // namespace api
