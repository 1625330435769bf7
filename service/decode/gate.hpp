#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "decode/formats.hpp"
#include "decode/limits.hpp"
#include "decode/reject.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace decode {

/// What the sender said about the body (its Content-Type).
enum class BodyKind : std::uint8_t {
    automatic,   ///< Look at the body.
    ndjson,      ///< One JSON text a line.
    json,        ///< One JSON text: an object, an array, or a wrapper such as {"Records":[...]}.
    text_lines,  ///< One text record a line.
};

/// The front door: splits a body into records, takes them out of their envelopes, validates each
/// whole (JSON, limits, duplicate keys, time) with the parser that decodes it later, and scrubs
/// secrets.
///
/// Owns a parser: one Gate a thread. Borrows `formats`, which must outlive it.
class Gate {
public:
    struct Accepted {
        std::string lines;          ///< One record a line, each ended by '\n', without secrets.
        std::uint32_t records = 0;  ///< Lines in `lines`.
        /// One a line: a hash, keyed with the scrub key, of the record's own id (metadata.uid as
        /// the format maps it); 0 when it has none.
        std::vector<std::uint64_t> ids;
        std::vector<Reject> rejects;
        std::string format;  ///< The format to decode with; resolved when `auto` was asked for.
    };

    /// `scrub_key` is the deployment's secret, 16 bytes or more.
    Gate(const Formats& formats, std::string_view scrub_key, Limits limits = {});
    ~Gate();
    Gate(Gate&&) noexcept;

    /// Fault::invalid when the body holds something, and not one record or reject of a known kind
    /// could be told apart because the framing is broken. An empty body is zero records.
    base::Result<Accepted> accept(std::string_view body, BodyKind kind, const Format& format,
                                  base::WallTime arrival);

    /// OTLP ExportLogsServiceRequest; its log records become records of format `native`.
    base::Result<Accepted> accept_otlp(std::string_view body, bool protobuf,
                                       base::WallTime arrival);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace decode
