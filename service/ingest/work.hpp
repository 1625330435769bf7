#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "decode/gate.hpp"
#include "ingest/decompress.hpp"
#include "journal/block.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace ingest {

/// A body and what its header section said of it.
struct Batch {
    std::string body;
    Coding coding = Coding::identity;
    decode::BodyKind kind = decode::BodyKind::automatic;
    enum class Protocol : std::uint8_t { lines, otlp_json, otlp_protobuf };
    Protocol protocol = Protocol::lines;
    journal::Block head;   ///< Source, client, batch id, arrival; the rest is filled here.
    std::string sequence;  ///< "17-42 producer", as journal::control has it; empty: not numbered.
};

/// What becomes of it.
struct Prepared {
    std::vector<journal::Encoded> blocks;  ///< Ready for the journal; empty when nothing is left.
    std::uint32_t records = 0;             ///< In `blocks`.
    std::vector<std::uint64_t> ids;        ///< One a record, see decode::Gate::Accepted.
    std::vector<decode::Reject> rejects;
    std::size_t decoded_bytes = 0;
};

enum class PrepareFault : std::uint8_t {
    coding,     ///< 400: the content coding is broken.
    too_large,  ///< 413.
    framing,    ///< 400: no record could be told apart.
    unwanted,   ///< 503: when its turn came there was no room any more, or it was too late.
};

/// All the costly work on a batch, in one plain function without a wait, so that it can run on any
/// thread: undo the coding, let the gate split, validate and scrub, cut into blocks, compress.
[[nodiscard]] std::expected<Prepared, PrepareFault> prepare(Batch batch, decode::Gate& gate,
                                                            const decode::Format& format,
                                                            const DecompressLimits& limits);

/// Refused records as the journal keeps them: one JSON object a line, {"line", "code", "sample"},
/// at most one block. What goes beyond it is counted by code: {"line", "code", "count"}.
[[nodiscard]] std::string rejects_to_lines(const std::vector<decode::Reject>& rejects);

}  // namespace ingest
