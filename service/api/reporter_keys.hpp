#pragma once

#include "base/ecdsa.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace api {

/// The public keys with which a code host signs what it reports. Immutable.
class ReporterKeys {
public:
    /// Of what the host publishes: {"public_keys": [{"key_identifier", "key", "is_current"}]}, one
    /// to 100 keys in PEM, all on P-256. Keys that are not current count too: reports that they
    /// signed may be on their way. Fault::invalid names the entry, and what to write.
    static base::Result<ReporterKeys> parse(std::string_view text);

    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
    [[nodiscard]] bool knows(std::string_view identifier) const;
    /// True when the key of that identifier signed the body; the signature is base64 of DER.
    [[nodiscard]] bool signed_by(std::string_view identifier, std::string_view signature,
                                 std::string_view body) const;

private:
    std::map<std::string, base::P256Key, std::less<>> keys_;
};

/// The keys of this moment; never null.
using ReporterKeySource = std::function<std::shared_ptr<const ReporterKeys>()>;

}  // namespace api
