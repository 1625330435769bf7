#include "app/config.hpp"
#include "app/output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace {

using testing::HasSubstr;

/// Writes the text to a file of this test's own and loads it.
class ConfigFile : public testing::Test {
protected:
    base::Result<app::Config> load(const std::string& text) {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        file_ = std::filesystem::temp_directory_path() /
                (std::string("callerprint_") + test->name() + ".yaml");
        std::ofstream(file_) << text;
        return app::load_config(file_,
                                [this](const std::string& name) -> std::optional<std::string> {
                                    const auto found = environment_.find(name);
                                    if (found == environment_.end()) return {};
                                    return found->second;
                                });
    }
    void TearDown() override { std::filesystem::remove(file_); }

    std::filesystem::path file_;
    std::map<std::string, std::string> environment_;
};

TEST_F(ConfigFile, GivesDefaultsForAnEmptyFile) {
    const auto config = load("");
    ASSERT_TRUE(config) << config.error().reason;
    EXPECT_EQ(config->address, "127.0.0.1");
    EXPECT_EQ(config->port, 8080);
    EXPECT_EQ(config->raw_retention, std::chrono::days(30));
}

TEST_F(ConfigFile, TakesTheShippedFile) {
    const auto config = app::load_config(CALLERPRINT_ROOT "/config/callerprint.yaml",
                                         [](const std::string&) { return std::nullopt; });
    ASSERT_TRUE(config) << config.error().reason;
    EXPECT_NE(config->source("demo"), nullptr);
    EXPECT_EQ(config->journal_quota, 4ull << 30);
}

TEST_F(ConfigFile, NamesPlaceAndRemedyOfEveryProblemAtOnce) {
    const auto config =
        load("server:\n  listne: 1.2.3.4:80\n  threads: 0\njournal: {quota: 5XB}\nnonsense: 1\n");
    ASSERT_FALSE(config);
    const auto& reason = config.error().reason;
    EXPECT_THAT(reason,
                HasSubstr(".yaml:2:3: server.listne: unknown key; did you mean server.listen?"));
    EXPECT_THAT(reason, HasSubstr(":3:12: server.threads: write a whole number from 1 to 64"));
    EXPECT_THAT(reason, HasSubstr("journal.quota: write a size such as 64MB"));
    EXPECT_THAT(reason, HasSubstr(":5:1: nonsense: unknown key"));
}

TEST_F(ConfigFile, LetsTheEnvironmentStandAboveTheFile) {
    environment_["CALLERPRINT_SERVER__LISTEN"] = "[::1]:9000";
    const auto config = load("server: {listen: '127.0.0.1:80'}");
    ASSERT_TRUE(config) << config.error().reason;
    EXPECT_EQ(config->address, "::1");
    EXPECT_EQ(config->port, 9000);
    environment_["CALLERPRINT_SERVER__LISTEN"] = "everywhere";
    const auto broken = load("");
    ASSERT_FALSE(broken);
    EXPECT_THAT(broken.error().reason, HasSubstr("set by CALLERPRINT_SERVER__LISTEN"));
}

TEST_F(ConfigFile, KnowsWhereAClientOfThisMachineFindsTheServer) {
    const auto url = [this](const std::string& listen) {
        const auto config = load("server: {listen: '" + listen + "'}");
        return config ? config->local_url() : config.error().reason;
    };
    EXPECT_EQ(url("192.0.2.7:80"), "http://192.0.2.7:80");
    EXPECT_EQ(url("0.0.0.0:8080"), "http://127.0.0.1:8080");
    EXPECT_EQ(url("[::]:8080"), "http://[::1]:8080");
    EXPECT_EQ(url("[fd00::1]:8080"), "http://[fd00::1]:8080");
}

TEST_F(ConfigFile, TakesACertificateWithItsKeyOrNeither) {
    const auto both = load("server: {tls: {certificate: a.pem, key: /etc/k.pem}}");
    ASSERT_TRUE(both) << both.error().reason;
    ASSERT_TRUE(both->tls);
    EXPECT_EQ(both->tls->certificate, file_.parent_path() / "a.pem");
    EXPECT_EQ(both->tls->key, "/etc/k.pem");
    EXPECT_EQ(both->local_url(), "https://127.0.0.1:8080");
    EXPECT_FALSE(load("server: {threads: 2}")->tls);
    const auto one = load("server: {tls: {certificate: a.pem}}");
    ASSERT_FALSE(one);
    EXPECT_THAT(one.error().reason, HasSubstr("server.tls.key: the certificate needs it"));
}

TEST_F(ConfigFile, RefusesTwoSourcesOfOneNameAndBadNames) {
    const auto config = load(
        "sources:\n  - {name: a}\n  - {name: a}\n  - {name: 'A b'}\n  - {name: c, colour: red}\n");
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().reason, HasSubstr("named twice"));
    EXPECT_THAT(config.error().reason, HasSubstr("a-z, 0-9"));
    EXPECT_THAT(config.error().reason, HasSubstr("colour: unknown key"));
}

TEST_F(ConfigFile, ReadsUnitsAtTheirEdges) {
    const auto config = load(
        "sources: [{name: a, lateness: 24h}]\nraw_calls: {retention: 3650d}\njournal: {quota: "
        "128MB}");
    ASSERT_TRUE(config) << config.error().reason;
    EXPECT_EQ(config->source("a")->lateness, std::chrono::hours(24));
    EXPECT_FALSE(load("sources: [{name: a, lateness: 1441m}]"));
    EXPECT_FALSE(load("raw_calls: {retention: 36h}"));
    EXPECT_FALSE(load("journal: {quota: 99999999999999999999GB}"));
}

TEST_F(ConfigFile, ReadsWhatIsExpectedOfASource) {
    const auto config = load(
        "sources:\n  - {name: a, expect: {every: 5m, since: 2026-01-31T00:00:00Z}}\n"
        "  - {name: b}\n");
    ASSERT_TRUE(config) << config.error().reason;
    EXPECT_EQ(config->source("a")->expect_every, std::chrono::minutes(5));
    EXPECT_EQ(base::to_rfc3339(*config->source("a")->expect_since), "2026-01-31T00:00:00Z");
    EXPECT_FALSE(config->source("b")->expect_every);
    EXPECT_FALSE(load("sources: [{name: a, expect: {every: 59s}}]"));
    EXPECT_FALSE(load("sources: [{name: a, expect: {every: 31d}}]"));
    EXPECT_FALSE(load("sources: [{name: a, expect: {since: 2026-01-31}}]"));
    EXPECT_FALSE(load("sources: [{name: a, expect: {every: 5m, since: soon}}]"));
    EXPECT_FALSE(load("sources: [{name: a, expect: {often: 5m}}]"));
}

TEST_F(ConfigFile, TakesPathsFromItsOwnFolder) {
    const auto config = load("policies: [rules]\nlists: /abs/lists\n");
    ASSERT_TRUE(config) << config.error().reason;
    EXPECT_EQ(config->policies.front(), file_.parent_path() / "rules");
    EXPECT_EQ(config->lists, "/abs/lists");
}

TEST(Output, NeutralisesFormulasInCsvAndQuotesAsRfc4180) {
    const app::Table table{
        {"a", "b"}, {{boost::json::value("=1+1"), boost::json::value("x\"y,z")}, {-3, nullptr}}};
    EXPECT_EQ(app::print(table, app::Form::csv), "a,b\r\n'=1+1,\"x\"\"y,z\"\r\n-3,\r\n");
}

TEST(Output, CutsAndEscapesTableCells) {
    const app::Table table{
        {"a", "b"}, {{boost::json::value(std::string(200, 'x')), boost::json::value("\x1b[31m")}}};
    const auto text = app::print(table, app::Form::table);
    EXPECT_THAT(text, HasSubstr(std::string(59, 'x') + "…"));
    EXPECT_THAT(text, HasSubstr("\\u001b[31m"));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Output, PrintsRowsAsJsonInBothForms) {
    const app::Table table{{"n"}, {{1}, {2}}};
    EXPECT_EQ(app::print(table, app::Form::json), "[{\"n\":1},{\"n\":2}]\n");
    EXPECT_EQ(app::print(table, app::Form::ndjson), "{\"n\":1}\n{\"n\":2}\n");
}

}  // namespace
