#pragma once

#include "base/result.hpp"
#include "enrich/table.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace enrich {

/// A MaxMind DB file (format 2.0) through libmaxminddb. Read from it: autonomous_system_number and
/// _organization, country or registered_country iso_code, country_code, connection_type,
/// user_type, and the is_anonymous flags. Look-ups are const and thread-safe.
class MmdbTable final : public Table {
public:
    /// Opens the file and checks its metadata and digest. Fails with Fault::invalid when it is no
    /// MaxMind DB or is damaged, with Fault::not_found when it is not there.
    static base::Result<std::shared_ptr<const MmdbTable>> open(std::string name,
                                                               const std::string& path);
    ~MmdbTable() override;
    MmdbTable(const MmdbTable&) = delete;
    MmdbTable& operator=(const MmdbTable&) = delete;

    /// A record that is damaged says nothing and counts in `damaged`.
    void look_up(const call::Address& address, NetworkFacts& facts) const override;

    /// The database_type of its metadata, such as "GeoLite2-ASN".
    [[nodiscard]] const std::string& type() const noexcept;
    /// Look-ups that met damage.
    [[nodiscard]] std::uint64_t damaged() const noexcept;

private:
    struct Database;
    MmdbTable(std::string name, std::string version, std::unique_ptr<Database> database);
    std::unique_ptr<Database> database_;
};

}  // namespace enrich
