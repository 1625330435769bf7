#include "ingest/work.hpp"

#include "base/assert.hpp"
#include "ingest/split.hpp"
#include "journal/control.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace ingest {
namespace {

using decode::Gate;
using decode::Reject;

base::Result<Gate::Accepted> pass_gate(const Batch& batch, std::string_view body, Gate& gate,
                                       const decode::Format& format) {
    if (batch.protocol == Batch::Protocol::lines)
        return gate.accept(body, batch.kind, format, batch.head.received);
    return gate.accept_otlp(body, batch.protocol == Batch::Protocol::otlp_protobuf,
                            batch.head.received);
}

// The gate's limits lie within the journal's, so that a failure here would be a bug.
void encode_into(std::vector<journal::Encoded>& out, const std::vector<journal::Block>& blocks) {
    for (const journal::Block& block : blocks) {
        base::Result<journal::Encoded> encoded = journal::encode(block);
        BASE_ASSERT(encoded.has_value());
        out.push_back(*std::move(encoded));
    }
}

/// What the ledger must know of the batch besides its records: that it was empty, and its numbers.
std::string control_lines(const Batch& batch, bool empty) {
    std::string out;
    if (empty) out.append(journal::control::heartbeat).append("\n");
    if (!batch.sequence.empty())
        out.append(journal::control::sequence).append(batch.sequence).append("\n");
    return out;
}

}  // namespace

std::string rejects_to_lines(const std::vector<Reject>& rejects) {
    // Room for one summary line per code besides the samples.
    constexpr std::size_t most_lines = journal::max_block_records - decode::reject_code_count;
    constexpr std::size_t most_bytes = journal::max_block_bytes - 4096;
    std::string out;
    std::array<std::uint64_t, decode::reject_code_count> more{};
    std::size_t lines = 0;
    for (const Reject& reject : rejects) {
        if (lines < most_lines) {
            const std::string line = boost::json::serialize(boost::json::object{
                {"line", reject.line}, {"code", name(reject.code)}, {"sample", reject.sample}});
            if (out.size() + line.size() < most_bytes) {
                out += line;
                out += '\n';
                ++lines;
                continue;
            }
        }
        ++more[static_cast<std::size_t>(reject.code)];
    }
    for (std::size_t i = 0; i < more.size(); ++i) {
        if (more[i] == 0) continue;
        out += boost::json::serialize(boost::json::object{
            {"line", 0}, {"code", name(static_cast<decode::RejectCode>(i))}, {"count", more[i]}});
        out += '\n';
    }
    return out;
}

std::expected<Prepared, PrepareFault> prepare(Batch batch, Gate& gate, const decode::Format& format,
                                              const DecompressLimits& limits) {
    std::expected<std::string, DecompressFault> body =
        decompress(batch.coding, std::move(batch.body), limits);
    if (!body)
        return std::unexpected(body.error() == DecompressFault::too_large ? PrepareFault::too_large
                                                                          : PrepareFault::coding);
    base::Result<Gate::Accepted> accepted = pass_gate(batch, *body, gate, format);
    if (!accepted) return std::unexpected(PrepareFault::framing);
    Prepared out;
    out.decoded_bytes = body->size();
    body->clear();
    body->shrink_to_fit();  // before the blocks take their own memory
    out.records = accepted->records;
    out.ids = std::move(accepted->ids);
    out.rejects = std::move(accepted->rejects);
    batch.head.format = accepted->format;
    encode_into(out.blocks, split(accepted->lines, batch.head));
    if (!out.rejects.empty()) {
        batch.head.rejects = true;
        encode_into(out.blocks, split(rejects_to_lines(out.rejects), batch.head));
    }
    batch.head.rejects = false;
    batch.head.format = journal::control::format;
    encode_into(out.blocks, split(control_lines(batch, out.blocks.empty()), batch.head));
    return out;
}

}  // namespace ingest
