#include "rollup/activity.hpp"

namespace rollup {

void Sums::add(const Sums& more) noexcept {
    calls += more.calls;
    ok += more.ok;
    failed += more.failed;
    denied += more.denied;
    request_bytes += more.request_bytes;
    response_bytes += more.response_bytes;
    units += more.units;
    input_tokens += more.input_tokens;
    output_tokens += more.output_tokens;
}

}  // namespace rollup
