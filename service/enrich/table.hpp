#pragma once

#include "call/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace enrich {

/// What a reference table says about an address. Views are lent by the table; empty means that it
/// does not say.
struct NetworkFacts {
    std::optional<std::uint32_t> asn;
    std::string_view as_name;
    std::string_view country;  ///< ISO 3166-1 alpha-2.
    std::string_view kind;     ///< hosting, mobile, isp, vpn, tor, business, education, government.
};

/// A reference table over addresses: immutable, shared as const between threads.
class Table {
public:
    virtual ~Table() = default;

    /// Fills what `facts` does not hold yet. The address is unmapped IPv4 or IPv6.
    virtual void look_up(const call::Address& address, NetworkFacts& facts) const = 0;

    /// SHA-256 in hex of the file it was made from: recorded with every answer that used it.
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    /// The name it was loaded under.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

protected:
    Table(std::string name, std::string version)
        : name_(std::move(name)), version_(std::move(version)) {}

private:
    std::string name_;
    std::string version_;
};

}  // namespace enrich
