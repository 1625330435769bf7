#include "origin/fingerprinter.hpp"

#include "origin/fingerprint.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace origin {
namespace {

using call::Field;
using call::Value;

const std::string key = "0123456789abcdef";

std::shared_ptr<const call::Names> names_for(std::initializer_list<Field> fields) {
    auto names = std::make_shared<call::Names>();
    for (const Field field : fields) names->add(field);
    Fingerprinter::want(*names);
    return names;
}

Fingerprinter fingerprinter(std::shared_ptr<const call::Names> names,
                            std::size_t max_remembered = 1'000) {
    auto made = Fingerprinter::make({.key = key, .max_remembered = max_remembered}, names);
    EXPECT_TRUE(made);
    return std::move(*made);
}

class FingerprinterTest : public testing::Test {
protected:
    FingerprinterTest()
        : names_(names_for({Field::origin_exact, Field::origin_place, Field::origin_kind,
                            Field::origin_software, Field::client_family, Field::client_version,
                            Field::client_platform, Field::src_country, Field::src_kind})),
          fingerprinter_(fingerprinter(names_)) {}

    using Record = std::map<Field, std::string>;

    call::Batch batch(const Record& record, std::int64_t asn = 0) {
        call::Batch out(names_);
        auto row = out.append();
        for (const auto& [field, text] : record)
            row.values[names_->slot(field)] = Value::of(out.keep(text));
        if (asn != 0) row.values[names_->slot(Field::src_asn)] = Value::of(asn);
        fingerprinter_.apply(out);
        return out;
    }

    std::string fact(const Record& record, Field field, std::int64_t asn = 0) {
        const auto filled = batch(record, asn);
        return std::string(filled[0].get(field).text_or_empty());
    }

    std::shared_ptr<const call::Names> names_;
    Fingerprinter fingerprinter_;
    const Record record_{{Field::src_ip, "203.0.113.7"},
                         {Field::user_agent, "Boto3/1.34.2 Linux/5.10"},
                         {Field::ja4, "t13d1516h2_8daaf6152771_02713d6af862"}};
};

TEST_F(FingerprinterTest, FillsFourLevelsAndTheClient) {
    EXPECT_TRUE(fact(record_, Field::origin_exact).starts_with("of1:0:"));
    EXPECT_TRUE(fact(record_, Field::origin_place).starts_with("of1:1:"));
    EXPECT_TRUE(fact(record_, Field::origin_kind, 64500).starts_with("of1:2:"));
    EXPECT_TRUE(fact(record_, Field::origin_software).starts_with("of1:3:"));
    EXPECT_EQ(fact(record_, Field::origin_place).size(), 32);
    EXPECT_EQ(fact(record_, Field::origin_kind), "");  // no AS is known
    EXPECT_EQ(fact(record_, Field::client_family), "boto3");
    EXPECT_EQ(fact(record_, Field::client_version), "1.34");
    EXPECT_EQ(fact(record_, Field::client_platform), "linux");
}

TEST_F(FingerprinterTest, LeavesTheCountryOutOfEveryLevel) {
    Record abroad = record_;
    Record home = record_;
    abroad[Field::src_country] = "KP";
    abroad[Field::src_kind] = "vpn";
    home[Field::src_country] = "CH";
    home[Field::src_kind] = "isp";
    for (const Field level :
         {Field::origin_exact, Field::origin_place, Field::origin_kind, Field::origin_software}) {
        EXPECT_EQ(fact(abroad, level, 64500), fact(home, level, 64500));
        EXPECT_EQ(fact(abroad, level, 64500), fact(record_, level, 64500));
    }
}

TEST_F(FingerprinterTest, TakesAMappedAddressForTheOneInsideIt) {
    Record mapped = record_;
    mapped[Field::src_ip] = "::ffff:203.0.113.7";
    EXPECT_EQ(fact(mapped, Field::origin_exact), fact(record_, Field::origin_exact));
}

TEST_F(FingerprinterTest, TakesTheServiceNameWhenThereIsNoAddress) {
    const Record internal{{Field::src_domain, "cloudtrail.amazonaws.com"}};
    EXPECT_TRUE(fact(internal, Field::origin_place).starts_with("of1:1:"));
    EXPECT_EQ(fact({{Field::user_agent, "curl/8.4"}}, Field::origin_place), "");
}

TEST_F(FingerprinterTest, SeparatesTheSameAddressByItsSystem) {
    EXPECT_NE(fact(record_, Field::origin_place, 64500), fact(record_, Field::origin_place, 64501));
    EXPECT_EQ(fact(record_, Field::origin_exact, 64500), fact(record_, Field::origin_exact, 64501));
}

TEST_F(FingerprinterTest, KeepsFactsThatACallAlreadyHas) {
    Record given = record_;
    given[Field::origin_place] = "given";
    EXPECT_EQ(fact(given, Field::origin_place), "given");
}

TEST_F(FingerprinterTest, AnswersTheSameAfterItForgotAndOutlivedByItsBatch) {
    std::string first = fact(record_, Field::origin_place);
    call::Batch out(names_);
    {
        Fingerprinter small = fingerprinter(names_, 16);
        for (int i = 0; i < 100; ++i) {
            auto row = out.append();
            for (const auto& [field, text] : record_)
                row.values[names_->slot(field)] = Value::of(out.keep(text));
            row.values[names_->slot(Field::src_ip)] =
                Value::of(out.keep("203.0.113." + std::to_string(i)));
        }
        small.apply(out);
    }
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(out[i].get(Field::origin_place).text(), first);
        EXPECT_EQ(out[i].get(Field::client_family).text(), "boto3");
    }
}

/// Every token of a call, made from its parts as fingerprint.hpp says and remembered nowhere.
std::map<Field, std::string> tokens_of(const call::Call& call) {
    Parts parts;
    if (const auto address = call::parse_address(call.get(Field::src_ip).text_or_empty()))
        parts.address = call::unmapped(*address);
    parts.place = call.get(Field::src_service).text_or_empty();
    if (parts.place.empty()) parts.place = call.get(Field::src_domain).text_or_empty();
    if (call.get(Field::src_asn).kind() == Value::Kind::integer &&
        call.get(Field::src_asn).integer() > 0)
        parts.asn = call.get(Field::src_asn).integer();
    parts.ja4 = call.get(Field::ja4).text_or_empty();
    parts.tls_version = call.get(Field::tls_version).text_or_empty();
    parts.tls_cipher = call.get(Field::tls_cipher).text_or_empty();
    const auto agent = call.get(Field::user_agent).text_or_empty();
    const Client client = parse_client(agent);
    if (!agent.empty()) parts.client = &client;
    std::map<Field, std::string> out;
    for (const auto& [field, level] : {std::pair{Field::origin_exact, Level::exact},
                                       {Field::origin_place, Level::place},
                                       {Field::origin_kind, Level::kind},
                                       {Field::origin_software, Level::software}}) {
        if (!has_token(level, parts)) continue;
        const Token made = token(base::Mac(key), level, parts);
        out[field] = {made.data(), made.size()};
    }
    return out;
}

TEST(Fingerprinter, GivesTheTokensOfThePartsWhateverItRemembers) {
    const auto names = names_for(
        {Field::origin_exact, Field::origin_place, Field::origin_kind, Field::origin_software});
    const std::map<Field, std::vector<std::string>> values = {
        {Field::src_ip,
         {"", "203.0.113.7", "203.0.113.9", "::ffff:203.0.113.7", "2001:db8::1",
          "2001:db8:0:0:9::", "2001:db8:0:1::1", "0.0.0.0", "::", "no address"}},
        {Field::src_service, {"", "", "a.service", "b.service"}},
        {Field::src_domain, {"", "host", "a.service"}},
        {Field::user_agent,
         {"", "-", "Boto3/1.34.2 Linux/5.10", "Boto3/1.34.9", "App/2 Boto3/1.34.2", "??? 17",
          "??? 18 z", std::string(700, 'a') + "/1"}},
        {Field::ja4,
         {"", "", "t13d1516h2_8daaf6152771_02713d6af862", "t13i1516h1_8daaf6152771_02713d6af862",
          "t13d1516h2_aaaaaaaaaaaa_02713d6af862", "other shape", std::string(900, 'j')}},
        {Field::tls_version, {"", "TLSv1.3"}},
        {Field::tls_cipher, {"", "AES"}}};
    std::mt19937 random(5);
    for (const auto& [remembered, bytes] :
         {std::pair<std::size_t, std::size_t>{16, 1}, {1'000, 3'000}, {100'000, 1 << 20}}) {
        auto made = Fingerprinter::make(
            {.key = key, .max_remembered = remembered, .max_word_bytes = bytes}, names);
        ASSERT_TRUE(made);
        for (int round = 0; round < 60; ++round) {
            call::Batch batch(names);
            for (int i = 0; i < 37; ++i) {  // no whole number of groups
                auto row = batch.append();
                for (const auto& [field, choices] : values)
                    if (const auto& text = choices[random() % choices.size()]; !text.empty())
                        row.values[names->slot(field)] = Value::of(std::string_view(text));
                if (random() % 2 == 0)
                    row.values[names->slot(Field::src_asn)] =
                        Value::of(static_cast<std::int64_t>(random() % 4) - 1);
            }
            made->apply(batch);
            for (std::size_t i = 0; i < batch.size(); ++i) {
                std::map<Field, std::string> found;
                for (const Field field : {Field::origin_exact, Field::origin_place,
                                          Field::origin_kind, Field::origin_software})
                    if (const auto value = batch[i].get(field); !value.absent())
                        found[field] = value.text();
                ASSERT_EQ(found, tokens_of(batch[i]));
            }
        }
    }
}

TEST(Fingerprinter, RefusesShortKeysAndForgetfulness) {
    const auto names = names_for({Field::origin_place});
    EXPECT_FALSE(Fingerprinter::make({.key = "short"}, names));
    EXPECT_FALSE(Fingerprinter::make({.key = std::string(65, 'x')}, names));
    EXPECT_FALSE(Fingerprinter::make({.key = key, .max_remembered = 1}, names));
}

TEST(Fingerprinter, DoesNothingWhenNobodyWantsOrigins) {
    auto names = std::make_shared<call::Names>();
    names->add(Field::operation);
    Fingerprinter::want(*names);
    EXPECT_EQ(names->size(), 1);
    Fingerprinter idle = fingerprinter(names);
    call::Batch batch(names);
    batch.append();
    idle.apply(batch);
    EXPECT_TRUE(batch[0].at(0).absent());
}

}  // namespace
}  // namespace origin
