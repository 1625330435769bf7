#include "store/registry_cache.hpp"

#include "store/database.hpp"
#include "store/registry_table.hpp"

namespace {

using store_test::now;

class RegistryCache : public store_test::Database {
protected:
    void import(std::string name, base::WallTime at) {
        registry::Rows rows;
        rows.tenants = {{.uid = "acme", .name = std::move(name), .party = {}}};
        const auto done = store::RegistryTable(*session_).import(rows, at, "ann");
        ASSERT_TRUE(done) << done.error().reason;
    }
    static std::string name(const base::Result<std::shared_ptr<const registry::Registry>>& of) {
        EXPECT_TRUE(of) << of.error().reason;
        const auto* tenant = (*of)->tenant("acme");
        return tenant == nullptr ? "" : tenant->name;
    }

    store::RegistryCache cache_;
};

TEST_F(RegistryCache, ReadsAgainOnlyAfterAnImport) {
    const auto empty = cache_.newest(*session_);
    EXPECT_EQ(name(empty), "");
    EXPECT_EQ(*cache_.newest(*session_), *empty);
    import("Acme", now);
    const auto first = cache_.newest(*session_);
    EXPECT_EQ(name(first), "Acme");
    import("Acme", now + std::chrono::hours(1));  // changes nothing
    EXPECT_EQ(*cache_.newest(*session_), *first);
    import("Acme Ltd", now + std::chrono::hours(2));
    EXPECT_EQ(name(cache_.newest(*session_)), "Acme Ltd");
    EXPECT_EQ(name(first), "Acme") << "what somebody holds stays";
}

TEST_F(RegistryCache, GivesWhatWasKnownAtAMoment) {
    import("Acme", now);
    import("Acme Ltd", now + std::chrono::hours(2));
    const auto newest = cache_.newest(*session_);
    EXPECT_EQ(*cache_.as_of(*session_, now + std::chrono::hours(2)), *newest);
    EXPECT_EQ(*cache_.as_of(*session_, now + std::chrono::hours(9)), *newest);
    EXPECT_EQ(name(cache_.as_of(*session_, now + std::chrono::hours(1))), "Acme");
    EXPECT_EQ(name(cache_.as_of(*session_, now - std::chrono::hours(1))), "");
    EXPECT_EQ(*cache_.newest(*session_), *newest) << "the past is not kept";
}

}  // namespace
