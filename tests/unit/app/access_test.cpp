// Every route of the server, with every method, as every kind of caller: what happens is what
// docs/reference/access.md says.
#include "app/routes.hpp"
#include "decode/formats.hpp"
#include "journal/journal.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

namespace asio = boost::asio;

const std::string pepper(32, 'p');

struct Role {
    std::string name;
    std::string token;  ///< empty: none is sent
    bool valid = true;
};

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

class AccessTest : public testing::Test {
protected:
    AccessTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "access-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        const decode::FormatFile file{"native.yaml",
                                      text_of(CALLERPRINT_ROOT "/config/formats/native.yaml")};
        journal::Journal::Options options;
        options.folder = folder_ / "journal";
        options.ballast_bytes = 0;
        options.segment_bytes = 1 << 20;
        options.quota_bytes = 64 << 20;
        journal_ = journal::Journal::open(options).value();
        make_roles();
        ingest::Service::Options serving;
        serving.sources = {{"gateway", "native", std::chrono::seconds(1)},
                           {"otlp", "native", std::chrono::seconds(1)}};
        serving.scrub_key = pepper;
        ingest_ = ingest::Service::make(
                      std::move(serving), decode::Formats::load({&file, 1}).value(),
                      [this] { return tokens_; }, *journal_, &metrics_)
                      .value();
        ingest_->set_state(ingest::Service::State::running);
        router_ = app::make_router(*ingest_, database_, nullptr,
                                   {.version = "v",
                                    .revision = "r",
                                    .checks = [] { return std::vector<api::Check>(); },
                                    .metrics = metrics_},
                                   app::LeakRoutes{database_, {"reporter:x", reporters}, metrics_});
    }
    /// Nobody's key is known, so nobody is let in.
    static std::shared_ptr<const api::ReporterKeys> reporters() {
        return std::make_shared<const api::ReporterKeys>();
    }
    ~AccessTest() override {
        database_.stop();
        ingest_.reset();
        journal_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::string add(std::uint32_t scopes, std::optional<base::WallTime> expires = {}) {
        const auto token = ingest::new_token(pepper);
        rows_.push_back({{token.id, "n", scopes, {}}, token.digest, expires});
        return token.text;
    }
    void make_roles() {
        for (const auto scope : {ingest::scope_ingest, ingest::scope_read, ingest::scope_respond,
                                 ingest::scope_ask, ingest::scope_erase, ingest::scope_admin})
            roles_.push_back({ingest::to_text(scope), add(scope)});
        const auto revoked = ingest::new_token(pepper);  // one that is among the rows no more
        auto wrong = ingest::new_token(std::string(32, 'o'));
        roles_.push_back({"no token", "", false});
        roles_.push_back({"no form of a token", "cp_x", false});
        roles_.push_back({"revoked", revoked.text, false});
        roles_.push_back({"of another deployment", wrong.text, false});
        roles_.push_back(
            {"expired", add(31, base::WallClock::now() - std::chrono::seconds(1)), false});
        rows_.push_back({{wrong.id, "n", 31, {}}, base::Digest{}});  // known id, wrong secret
        tokens_ = std::make_shared<const ingest::Tokens>(pepper, rows_);
    }

    unsigned call(std::string_view method, const std::string& target, const Role& role) {
        http::Request::Pairs headers{{"Content-Type", "application/json"}};
        if (!role.token.empty()) headers.emplace_back("Authorization", "Bearer " + role.token);
        // Each from an address of its own, or the door would close after three failures.
        const auto request = http::Request::of(method, target, std::move(headers), "{}",
                                               "10.0.0." + std::to_string(++calls_));
        const auto match = router_.match(*request);
        if (match.route == nullptr) return match.allow.empty() ? 404 : 405;
        asio::io_context context;
        unsigned status = 0;
        asio::co_spawn(context, match.route->handler(*request),
                       [&](const std::exception_ptr& thrown, http::Response response) {
                           EXPECT_FALSE(thrown);
                           status = response.status;
                       });
        const auto hold = asio::make_work_guard(context);
        while (status == 0 && context.run_one() > 0) {
        }
        return status;
    }

    std::filesystem::path folder_;
    metrics::Registry metrics_;
    std::unique_ptr<journal::Journal> journal_;
    std::vector<ingest::Tokens::Row> rows_;
    std::vector<Role> roles_;
    std::shared_ptr<const ingest::Tokens> tokens_;
    std::unique_ptr<ingest::Service> ingest_;
    /// There is none: a request that gets as far as this was let in.
    api::Database database_{{.session = {.url = "host=/nonexistent dbname=x"}}, metrics_};
    http::Router router_;
    unsigned calls_ = 0;
};

std::string target_of(std::string pattern) {
    for (auto open = pattern.find('{'); open != std::string::npos; open = pattern.find('{'))
        pattern.replace(open, pattern.find('}') - open + 1, "x");
    return pattern;
}

TEST_F(AccessTest, EachRouteLetsInWhomItsDeclarationSaysAndNobodyElse) {
    ASSERT_GE(router_.routes().size(), 14U);
    for (const auto& route : router_.routes()) {
        for (const auto& role : roles_) {
            const bool open = route.access == "open";
            const auto status = call(route.method, target_of(route.pattern), role);
            const auto what = route.method + " " + route.pattern + " as " + role.name;
            // Who sends a token there wants to see their sources.
            const bool wrong = route.pattern == "/v1/limits" && !role.valid && !role.token.empty();
            if (wrong)
                EXPECT_EQ(status, 401U) << what;
            else if (open || (role.valid && role.name == route.access))
                EXPECT_TRUE(status != 401 && status != 403 && status != 405) << what << status;
            else if (route.access == "signature")  // whatever token there is
                EXPECT_EQ(status, 401U) << what;
            else
                EXPECT_EQ(status, role.valid ? 403U : 401U) << what;
        }
    }
}

TEST_F(AccessTest, NoOtherMethodLeadsAnywhere) {
    for (const auto& route : router_.routes()) {
        for (const std::string method :
             {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}) {
            const auto target = target_of(route.pattern);
            bool served = false;
            for (const auto& other : router_.routes())
                served = served ||
                         (target_of(other.pattern) == target &&
                          (other.method == method || (method == "HEAD" && other.method == "GET")));
            if (!served) EXPECT_EQ(call(method, target, roles_[0]), 405U) << method << target;
        }
    }
}

TEST_F(AccessTest, AskingForTheHeadNeedsWhatGettingNeeds) {
    for (const auto& route : router_.routes()) {
        if (route.method != "GET" || route.access == "open") continue;
        for (const auto& role : roles_)
            if (role.name != route.access)
                EXPECT_EQ(call("HEAD", target_of(route.pattern), role), role.valid ? 403U : 401U)
                    << route.pattern << role.name;
    }
}

// With CALLERPRINT_WRITE_DOCS=1 it is written instead: a reviewer sees who is let in to a new one.
TEST_F(AccessTest, EqualsTheReferencePage) {
    const std::filesystem::path page = CALLERPRINT_ROOT "/docs/reference/access.md";
    auto text = text_of(page);
    const std::string begin = "<!-- table -->\n";
    const auto from = text.find(begin);
    ASSERT_NE(from, std::string::npos);
    const auto start = from + begin.size();
    const auto end = text.find("<!-- end -->", start);
    ASSERT_NE(end, std::string::npos);
    const auto table = app::access_table(router_);
    if (std::getenv("CALLERPRINT_WRITE_DOCS") != nullptr)
        std::ofstream(page) << text.replace(start, end - start, table);
    EXPECT_EQ(text_of(page).substr(start, table.size()), table)
        << "CALLERPRINT_WRITE_DOCS=1 unit_app --gtest_filter=AccessTest.EqualsTheReferencePage";
}

}  // namespace
