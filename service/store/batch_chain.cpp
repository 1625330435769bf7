#include "store/batch_chain.hpp"

#include "coverage/chain.hpp"
#include "coverage/merkle.hpp"
#include "store/batch.hpp"

#include <algorithm>
#include <span>

namespace store {
namespace {

using base::Digest;
using coverage::Link;

constexpr const char* load_last =
    "SELECT n, head FROM callerprint.batch_chain WHERE source = $1 AND partition = $2"
    " ORDER BY n DESC LIMIT 1";
constexpr const char* add_entry =
    "INSERT INTO callerprint.batch_chain (source, partition, n, from_offset, to_offset, records, "
    "at,"
    " leaves, root, head, watermark) SELECT $1, $2, $3, $4, $5, $6, callerprint.at($7), $8, $9, "
    "$10,"
    " watermark FROM callerprint.source_position WHERE source = $1 AND partition = $2";
constexpr const char* load_some =
    "SELECT n, from_offset, to_offset, records, callerprint.micros(at), leaves, root, head"
    " FROM callerprint.batch_chain WHERE source = 'main' AND partition = 0 AND n > $1"
    " ORDER BY n LIMIT 1000";
constexpr const char* load_end =
    "SELECT next_offset FROM callerprint.source_position WHERE source = 'main' AND partition = 0";

std::int64_t number(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
std::uint64_t number(const pqxx::field& field) {
    return static_cast<std::uint64_t>(field.as<long long>());
}

template <class Bytes>
std::string_view view(const Bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// One of another length is equal to none that we compute.
Digest digest_of(std::string_view bytes) {
    Digest out{};
    if (bytes.size() == out.size()) std::ranges::copy(bytes, out.begin());
    return out;
}

std::vector<Digest> leaves_of(const std::string& bytes) {
    std::vector<Digest> out;
    for (std::size_t at = 0; at + sizeof(Digest) <= bytes.size(); at += sizeof(Digest))
        out.push_back(digest_of(std::string_view(bytes).substr(at, sizeof(Digest))));
    return out;
}

class Walk {
public:
    /// False at the first fault.
    bool take(const pqxx::row& row) {
        const auto n = number(row[0]);
        Link link{.from = number(row[1]),
                  .to = number(row[2]),
                  .records = number(row[3]),
                  .at = wall_time_of(row[4]),
                  .root = digest_of(bytes_of(row[6])),
                  .head = digest_of(bytes_of(row[7]))};
        const bool first = found.entries == 0;
        if (first) found.first = n;
        if (!first && n != last_ + 1) return fail(last_ + 1, "is missing");
        if (!first && link.from != end_) return fail(n, "does not begin where the one before ends");
        if (link.root != coverage::merkle::root(leaves_of(bytes_of(row[5]))))
            return fail(n, "has another root than its leaves");
        const bool known = !first || n == 1;
        if (known && link.head != coverage::head_of(head_, link))
            return fail(n, "has another head than its contents");
        ++found.entries;
        found.records += link.records;
        head_ = link.head;
        end_ = link.to;
        last_ = n;
        return true;
    }

    void finish(std::uint64_t committed) {
        if (!found.fault && found.entries > 0 && end_ != committed)
            fail(last_ + 1, "is missing: the committed position is behind the last entry");
        if (found.entries > 0) found.head = base::hex(head_);
    }

    [[nodiscard]] std::uint64_t last() const noexcept { return last_; }

    ChainWalk found;

private:
    bool fail(std::uint64_t n, std::string what) {
        found.fault = {n, std::move(what)};
        return false;
    }
    Digest head_{};
    std::uint64_t end_ = 0;
    std::uint64_t last_ = 0;
};

}  // namespace

void append_to_chain(pqxx::transaction_base& tx, const Effects& effects) {
    const auto last = run(tx, load_last, Params().text(effects.source).integer(effects.partition));
    const auto previous = last.empty() ? Digest{} : digest_of(bytes_of(last[0][1]));
    const auto n = last.empty() ? 1 : last[0][0].as<long long>() + 1;
    Link link{.from = effects.from,
              .to = effects.to,
              .records = effects.records,
              .at = effects.arrived,
              .root = coverage::merkle::root(effects.leaves)};
    link.head = coverage::head_of(previous, link);
    std::string leaves;
    leaves.reserve(effects.leaves.size() * sizeof(Digest));
    for (const Digest& leaf : effects.leaves) leaves += view(leaf);
    run(tx, add_entry,
        Params()
            .text(effects.source)
            .integer(effects.partition)
            .integer(n)
            .integer(number(link.from))
            .integer(number(link.to))
            .integer(number(link.records))
            .time(link.at)
            .bytes(leaves)
            .bytes(view(link.root))
            .bytes(view(link.head)));
}

base::Result<ChainWalk> walk_chain(Session& session) {
    return session.connection().look(
        "walking the chain of batches", [](pqxx::work& tx) -> base::Result<ChainWalk> {
            tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            Walk walk;
            while (true) {
                const auto rows = run(tx, load_some, Params().integer(number(walk.last())));
                if (rows.empty()) break;
                for (const auto& row : rows)
                    if (!walk.take(row)) break;
                if (walk.found.fault) break;
            }
            const auto end = run(tx, load_end);
            walk.finish(end.empty() ? 0 : number(end[0][0]));
            return walk.found;
        });
}

}  // namespace store
