#pragma once

#include "base/time.hpp"
#include "decode/detector.hpp"
#include "decode/gate.hpp"
#include "decode/gate_plan.hpp"
#include "decode/scrubber.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace decode {

/// One body on its way through the gate: finds the records in it, checks and scrubs each.
class Splitter {
public:
    /// Borrows all.
    Splitter(GatePlan& plan, const Limits& limits, Scrubber& scrubber, base::WallTime arrival,
             Gate::Accepted& out)
        : plan_(plan), limits_(limits), scrubber_(scrubber), arrival_(arrival), out_(out) {}

    /// JSON texts in any framing. False when a wrapper broke off.
    bool json(std::string_view body);
    /// One record a line.
    void lines(std::string_view body);
    /// Refuses every line as unknown_format.
    void unknown(std::string_view body);

private:
    enum class Outcome { done, broken };
    static constexpr int max_envelopes = 6;

    /// A text that should be one JSON value of the body; `offset` is where it stands there.
    Outcome document(std::string_view text, std::size_t readable_behind, int depth);
    std::optional<Outcome> unwrapped(std::string_view text, int depth);
    Outcome unwrap_text(const Unwrap& unwrap, std::string content, std::string_view around,
                        int depth);
    Outcome elements(std::string_view text, std::size_t at, int depth);
    Outcome too_long(std::string_view text, int depth);
    bool several_lines(std::string_view body, std::size_t& at);
    void record(std::string_view text);
    void refuse(std::string_view text, RejectCode code);
    void emit(std::string_view text);
    std::string_view joined(std::string_view line);

    GatePlan& plan_;
    const Limits& limits_;
    Scrubber& scrubber_;
    base::WallTime arrival_;
    Gate::Accepted& out_;
    std::uint32_t line_ = 1;  // of the text being looked at
    std::size_t wasted_ = 0;  // bytes scanned for records that were none
    std::string partial_;     // container log lines being joined
    std::string whole_;       // the last of them, joined
};

/// What a container runtime puts before each line: time, stream, F for a whole line or P for a
/// part. The payload, or nothing when there is no such prefix.
struct ContainerLine {
    std::string_view payload;
    bool partial = false;
};
[[nodiscard]] std::optional<ContainerLine> container_line(std::string_view line);

}  // namespace decode
