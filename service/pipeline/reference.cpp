#include "pipeline/reference.hpp"

#include "origin/fingerprinter.hpp"
#include "rollup/rollup.hpp"
#include "store/call_rows.hpp"

namespace pipeline {

std::shared_ptr<const Reference> make_reference(std::shared_ptr<const decode::Formats> formats,
                                                std::shared_ptr<const policy::Set> policies,
                                                enrich::Snapshot facts, std::string origin_key,
                                                Purpose purpose) {
    auto names = std::make_shared<call::Names>();
    policies->want(*names);
    if (purpose == Purpose::store) {
        names->add(call::Field::metadata_uid);  // for dedupe
        rollup::Rollup::want(*names);
        store::CallRows::want(*names);
    }
    // Facts ask for what they are computed from, so they come last; the network takes part in
    // origins.
    origin::Fingerprinter::want(*names);
    enrich::Enricher::want(*names, facts.registry.get());
    return std::make_shared<const Reference>(Reference{std::move(formats), std::move(policies),
                                                       std::move(names), std::move(facts),
                                                       std::move(origin_key)});
}

}  // namespace pipeline
