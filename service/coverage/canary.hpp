#pragma once

#include "base/digest.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coverage {

/// The tenant under which canaries are added up. The views leave it out, so the evaluator sees to
/// it that no other call has it.
inline constexpr std::string_view canary_tenant = "(canary)";

/// The keys of canaries: calls of our own that are sent through the real door to see whether they
/// are found. A key carries a code under a secret of the deployment, or anybody could hide from all
/// rules by calling themselves a canary.
class CanaryKeys {
public:
    /// Without a secret no key is a canary's.
    explicit CanaryKeys(std::string_view secret);

    /// A key with this in it, which should be random: "canary-<16>-<16>" in base32.
    [[nodiscard]] std::string make(const std::array<std::uint8_t, 10>& random) const;
    [[nodiscard]] bool is(std::string_view key) const;

private:
    [[nodiscard]] std::string code(std::string_view number) const;
    std::optional<base::Mac> mac_;
};

}  // namespace coverage
