#include "coverage/json.hpp"

#include "coverage/gaps.hpp"

#include <boost/json/array.hpp>

namespace coverage {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

value number(const std::optional<std::uint64_t>& known) {
    return known ? value(*known) : value(nullptr);
}

object to_json(const SourceLine& line) {
    return {{"source", line.source},
            {"received", line.received},
            {"parsed", line.parsed},
            {"attributed", line.attributed},
            {"late", line.late},
            {"rejected", line.rejected},
            {"expected", number(line.expected)},
            {"lost", line.lost},
            {"expectation_declared", line.expectation_declared}};
}

}  // namespace

object to_json(const Gap& gap) {
    return {{"id", id_of(gap)},
            {"source", gap.source},
            {"from", base::to_rfc3339(gap.from)},
            {"to", base::to_rfc3339(gap.to)},
            {"cause", name(gap.cause)},
            {"lost", number(gap.lost)},
            {"acknowledged", gap.acknowledged},
            {"note", gap.note}};
}

object to_json(const Certificate& certificate) {
    array sources;
    for (const SourceLine& line : certificate.sources) sources.push_back(to_json(line));
    array gaps;
    for (const Gap& gap : certificate.gaps) gaps.push_back(to_json(gap));
    object out{{"from", base::to_rfc3339(certificate.from)},
               {"to", base::to_rfc3339(certificate.to)},
               {"share", certificate.share},
               {"lower95", certificate.lower95},
               {"whole", !has_unacknowledged_hole(certificate)},
               {"sources", std::move(sources)},
               {"gaps", std::move(gaps)},
               {"canaries", nullptr},
               {"retained_from", nullptr},
               {"chain_head", certificate.chain_head}};
    if (certificate.canaries)
        out["canaries"] =
            object{{"sent", certificate.canaries->sent}, {"found", certificate.canaries->found}};
    if (certificate.retained_from)
        out["retained_from"] = base::to_rfc3339(*certificate.retained_from);
    return out;
}

}  // namespace coverage
