#pragma once

#include "call/batch.hpp"
#include "call/memo.hpp"
#include "call/names.hpp"
#include "rollup/activity.hpp"

#include <cstdint>
#include <string_view>

namespace rollup {

/// Reads what one call adds to every sum.
class Measure {
public:
    Measure(const call::Names& names, std::uint64_t seed);
    static void want(call::Names& names);

    [[nodiscard]] Sums operator()(const call::Call& call);

private:
    enum class Outcome : std::uint8_t { unknown, ok, failed };

    [[nodiscard]] Outcome outcome(const call::Call& call, std::int64_t http_status) const;
    [[nodiscard]] bool denied(const call::Call& call, std::int64_t http_status);

    call::Slot status_id_;
    call::Slot http_status_;
    call::Slot error_;
    call::Slot request_bytes_;
    call::Slot response_bytes_;
    call::Slot units_;
    call::Slot input_tokens_;
    call::Slot output_tokens_;
    call::Memo<bool> refusals_;  // error text -> it means that the caller may not
};

/// True for error codes that say that the caller may not do this or is not who they claim:
/// AccessDenied, UnauthorizedOperation, PERMISSION_DENIED, invalid_api_key ...
[[nodiscard]] bool is_refusal(std::string_view error) noexcept;

}  // namespace rollup
