#include "pipeline/evidence.hpp"

#include "pipeline/evaluator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using testing::HasSubstr;

std::shared_ptr<const pipeline::Reference> reference(const std::string& operation) {
    const policy::File file{
        "p.yaml",
        "title: Gated use\nname: gated\nlogsource: { category: api_call }\ndetection:\n"
        "  used: { api.operation: " +
            operation +
            " }\n  tested: { request.dry_run: true }\n  condition: used and not tested\n"
            "callerprint: { subject: tenant, quiet: 1h }\n"
            "---\ntitle: Call\nname: call\nlogsource: { category: api_call }\n"
            "detection:\n  s: { api.operation: '*' }\n  condition: s\n"
            "---\ntitle: Busy\nname: busy\ncorrelation:\n  type: event_count\n"
            "  rules: [call]\n  group-by: [tenant_uid]\n  timespan: 10m\n  condition: { gte: 2 }\n"
            "callerprint: { subject: tenant, quiet: 1h }\n"};
    const auto formats = decode::Formats::load({});
    const auto set = policy::Set::load({&file, 1}, {});
    EXPECT_TRUE(formats && set);
    return pipeline::make_reference(*formats, *set, {}, std::string(32, 'k'),
                                    pipeline::Purpose::store);
}

constexpr base::WallTime received = base::WallTime{} + std::chrono::seconds(1'750'000'000);

/// A journal with one block of two calls, and an evaluator that has seen it.
class EvidenceTest : public ::testing::Test {
protected:
    EvidenceTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "evidence-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        journal::Journal::Options options;
        options.folder = folder_ / "j";
        options.segment_bytes = 64 * 1024;
        options.quota_bytes = 64 * 64 * 1024;
        options.ballast_bytes = 0;
        auto opened = journal::Journal::open(std::move(options));
        EXPECT_TRUE(opened);
        journal_ = std::move(*opened);
        journal::Block block;
        block.source = "s";
        block.format = "json";
        block.received = received;
        block.records = 2;
        block.lines =
            R"({"timestamp":"2024-06-01T10:00:00Z","metadata.tenant_uid":"t","api.operation":"Plain"})"
            "\n"
            R"({"timestamp":"2024-06-01T10:00:01Z","metadata.tenant_uid":"t","api.operation":"Gated"})"
            "\n";
        std::promise<base::Result<journal::Lsn>> done;
        journal_->append(std::vector{block},
                         [&](base::Result<journal::Lsn> lsn) { done.set_value(std::move(lsn)); });
        EXPECT_TRUE(done.get_future().get());
        auto made = pipeline::Evaluator::make(reference("Gated"), {});
        EXPECT_TRUE(made);
        evaluator_ = std::move(*made);
        evaluator_->apply({1, journal_->at(1).value()}, false);
        evaluator_->apply({2, later()}, false);
    }
    ~EvidenceTest() override {
        journal_.reset();
        std::filesystem::remove_all(folder_);
    }

    /// Moves the watermark past the others.
    static journal::Block later() {
        journal::Block block;
        block.source = "s";
        block.format = "json";
        block.received = received;
        block.records = 1;
        block.batch_id = "later";
        block.lines = R"({"timestamp":"2024-06-01T11:00:00Z","metadata.tenant_uid":"u"})"
                      "\n";
        return block;
    }

    /// The conditions of the alerts, by policy name.
    std::map<std::string, std::string> conditions() {
        auto effects = evaluator_->take();
        pipeline::EvidenceReader reader(*journal_, evaluator_->preparer());
        std::map<std::string, std::string> out;
        for (auto& change : effects.alerts) {
            reader.attach(change, effects.evidence);
            out[change.alert.policy_name] =
                boost::json::serialize(change.alert.evidence.at("conditions"));
        }
        return out;
    }

    std::filesystem::path folder_;
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<pipeline::Evaluator> evaluator_;
};

TEST_F(EvidenceTest, SaysWhichConditionOfARuleHeldWithWhichValue) {
    const std::string expected =
        R"j([{"key":"gated","title":"Gated use","block":1,"record":1,)j"
        R"j("condition":"used and not tested","comparisons":[)j"
        R"j({"selection":"used","field":"api.operation","op":"equals","expected":"Gated",)j"
        R"j("actual":"Gated","held":true},)j"
        R"j({"selection":"tested","field":"request.dry_run","op":"equals","expected":"true",)j"
        R"j("actual":"(absent)","held":false}],"left_out":0}])j";
    EXPECT_EQ(conditions()["gated"], expected);
}

TEST_F(EvidenceTest, ExplainsEachRuleOfACorrelationByTheNewestRecordItHeldOn) {
    const std::string place = R"([{"key":"call","title":"Call","block":1,"record":1,)";
    const std::string value = R"("actual":"Gated")";
    EXPECT_THAT(conditions()["busy"], testing::AllOf(HasSubstr(place), HasSubstr(value)));
}

TEST_F(EvidenceTest, SaysNothingOfAPolicyThatWasReplacedMeanwhile) {
    auto next = pipeline::Evaluator::ready(reference("Other"), {});
    ASSERT_TRUE(next);
    evaluator_->use(std::move(*next));
    EXPECT_EQ(conditions()["gated"], "[]");
}

}  // namespace
