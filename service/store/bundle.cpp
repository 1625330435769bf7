#include "store/bundle.hpp"

#include "coverage/merkle.hpp"
#include "store/connection.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <span>

namespace store {
namespace {

namespace json = boost::json;

constexpr const char* link_columns =
    "SELECT c.n, c.from_offset, c.to_offset, c.records, callerprint.micros(c.at), c.root, c.head,"
    " coalesce(p.head, '\\x'), c.leaves FROM callerprint.batch_chain c"
    " LEFT JOIN callerprint.batch_chain p ON p.source = c.source AND p.partition = c.partition"
    " AND p.n = c.n - 1 WHERE c.source = 'main' AND c.partition = 0";
constexpr const char* by_block = " AND c.from_offset <= $1 AND c.to_offset > $1";
constexpr const char* by_head = " AND c.head = decode($1, 'hex')";
constexpr const char* select_revisions =
    "SELECT revision FROM callerprint.policy_revisions WHERE activated_at < callerprint.at($2)"
    " AND (replaced_at IS NULL OR replaced_at > callerprint.at($1)) ORDER BY activated_at, "
    "revision";

base::Digest digest_of(std::string_view bytes) {
    base::Digest out{};
    std::memcpy(out.data(), bytes.data(), std::min(bytes.size(), out.size()));
    return out;
}

base::Digest digest_of_hex(std::string_view text) {
    base::Digest out{};
    for (std::size_t i = 0; i < out.size() && 2 * i + 1 < text.size(); ++i) {
        out[i] =
            static_cast<std::uint8_t>(std::stoi(std::string(text.substr(2 * i, 2)), nullptr, 16));
    }
    return out;
}

struct Batch {
    presence::ChainLink link;
    std::vector<base::Digest> leaves;
};

Batch batch_of(const pqxx::row& row) {
    Batch out;
    out.link.number = row[0].as<std::uint64_t>();
    out.link.link = {.from = row[1].as<std::uint64_t>(),
                     .to = row[2].as<std::uint64_t>(),
                     .records = row[3].as<std::uint64_t>(),
                     .at = base::wall_time(row[4].as<std::int64_t>()),
                     .root = digest_of(bytes_of(row[5])),
                     .head = digest_of(bytes_of(row[6]))};
    out.link.previous = digest_of(bytes_of(row[7]));
    const std::string leaves = bytes_of(row[8]);
    for (std::size_t at = 0; at + 32 <= leaves.size(); at += 32) {
        out.leaves.push_back(digest_of(std::string_view(leaves).substr(at, 32)));
    }
    return out;
}

class Reader {
public:
    explicit Reader(pqxx::work& tx) : tx_(tx) {}

    presence::Bundle read(const StoredAnswer& answer) {
        presence::Bundle out;
        out.record = answer.record;
        const json::value record = json::parse(answer.record);
        if (const auto* evidence = record.as_object().if_contains("evidence")) {
            for (const auto& each : evidence->as_array()) {
                out.records.push_back(prove(each.as_object()));
            }
        }
        const auto& head = record.at("coverage").at("chain_head");
        if (head.is_string()) {
            keep(run(tx_, (std::string(link_columns) + by_head).c_str(),
                     Params().text(head.as_string())));
        }
        for (auto& [number, batch] : batches_) out.chain.push_back(std::move(batch.link));
        for (const auto& row :
             run(tx_, select_revisions, Params().time(answer.from).time(answer.to))) {
            out.revisions.push_back(row[0].as<std::string>());
        }
        out.sql = {
            "SELECT * FROM investigate.answers WHERE answer_id = '" + answer.id + "'",
            "SELECT * FROM investigate.key_origins WHERE key_uid = ANY (:keys) AND hour >= '" +
                base::to_rfc3339(answer.from) + "' AND hour < '" + base::to_rfc3339(answer.to) +
                "'",
            "SELECT * FROM investigate.coverage_gaps",
            "SELECT * FROM investigate.batch_chain ORDER BY n",
        };
        return out;
    }

private:
    presence::ProvenRecord prove(const json::object& cited) {
        presence::ProvenRecord out;
        out.source = cited.at("source").as_string();
        out.block = cited.at("block").to_number<std::uint64_t>();
        out.record = cited.at("record").to_number<std::uint32_t>();
        out.sha256 = digest_of_hex(cited.at("sha256").as_string());
        const auto* batch = keep(run(tx_, (std::string(link_columns) + by_block).c_str(),
                                     Params().integer(static_cast<std::int64_t>(out.block))));
        if (!batch) return out;
        const auto leaf = coverage::record_leaf_of(out.block, out.record, out.sha256);
        const auto at = std::ranges::find(batch->leaves, leaf);
        if (at == batch->leaves.end()) return out;
        const auto index = static_cast<std::size_t>(at - batch->leaves.begin());
        out.link = batch->link.number;
        out.leaf = index;
        out.leaves = batch->leaves.size();
        out.proof = coverage::merkle::proof(batch->leaves, index);
        return out;
    }

    const Batch* keep(const pqxx::result& rows) {
        if (rows.empty()) return nullptr;
        Batch batch = batch_of(rows[0]);
        const auto number = batch.link.number;
        return &batches_.emplace(number, std::move(batch)).first->second;
    }

    pqxx::work& tx_;
    std::map<std::uint64_t, Batch> batches_;
};

}  // namespace

base::Result<presence::Bundle> read_bundle(Session& session, const StoredAnswer& answer) {
    return session.connection().look(
        "reading what proves an answer",
        [&](pqxx::work& tx) -> base::Result<presence::Bundle> { return Reader(tx).read(answer); });
}

}  // namespace store
