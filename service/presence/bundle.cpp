#include "presence/bundle.hpp"

#include "presence/record.hpp"

#include <boost/json/array.hpp>

namespace presence {
namespace {

namespace json = boost::json;

json::array digests(const std::vector<base::Digest>& from) {
    json::array out;
    for (const base::Digest& each : from) out.emplace_back(base::hex(each));
    return out;
}

json::array texts(const std::vector<std::string>& from) {
    json::array out;
    for (const std::string& each : from) out.emplace_back(each);
    return out;
}

json::object to_json(const ProvenRecord& record) {
    return {{"source", record.source}, {"block", record.block},
            {"record", record.record}, {"sha256", base::hex(record.sha256)},
            {"link", record.link},     {"leaf", record.leaf},
            {"leaves", record.leaves}, {"proof", digests(record.proof)}};
}

json::object to_json(const ChainLink& each) {
    return {{"number", each.number},
            {"previous", base::hex(each.previous)},
            {"from", each.link.from},
            {"to", each.link.to},
            {"records", each.link.records},
            {"at", base::micros(each.link.at)},
            {"root", base::hex(each.link.root)},
            {"head", base::hex(each.link.head)}};
}

}  // namespace

std::string write_bundle(const Bundle& bundle,
                         const std::function<std::string(std::string_view)>& sign) {
    json::array records;
    for (const ProvenRecord& each : bundle.records) records.push_back(to_json(each));
    json::array chain;
    for (const ChainLink& each : bundle.chain) chain.push_back(to_json(each));
    const std::string text = canonical(json::object{{"format", "callerprint-bundle-1"},
                                                    {"answer", bundle.record},
                                                    {"records", std::move(records)},
                                                    {"chain", std::move(chain)},
                                                    {"policy_revisions", texts(bundle.revisions)},
                                                    {"sql", texts(bundle.sql)}});
    return with_signature(text, sign(text));
}

}  // namespace presence
