#pragma once

#include "app/input.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "decode/gate.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace app {

/// Feeds files of logs to who evaluates them: line by line when a file's first line is a record,
/// else whole through the gate, which takes records out of their envelopes.
class Feeder {
public:
    /// Takes newline-separated records; `first_record` of them were before in the same file.
    using Give = std::function<void(const decode::Format& format, std::string_view lines,
                                    std::uint32_t first_record)>;
    /// Is told of what the gate refused: a line of the file, from 1, or 0 for all of it, and why.
    using Refuse = std::function<void(std::uint32_t line, std::string_view reason)>;

    /// Borrows the formats. `format` may be `auto`.
    Feeder(const decode::Formats& formats, const decode::Format& format, Give give, Refuse refuse);

    /// A file, or "-". Fails when it cannot be read.
    base::Result<void> feed(const std::string& path);

private:
    [[nodiscard]] const decode::Format* line_format(std::string_view lines);
    void give(const decode::Format& format, std::string_view lines);
    base::Result<void> feed_wrapped(std::string body, Input& input);

    const decode::Formats& formats_;
    const decode::Format* format_;
    decode::Gate gate_;
    Give give_;
    Refuse refuse_;
    std::uint32_t first_record_ = 0;
};

/// The time that counts as now for history: no time is in its future.
inline constexpr base::WallTime history_arrival = base::WallTime::max();

}  // namespace app
