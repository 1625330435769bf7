#pragma once

#include "call/names.hpp"
#include "decode/formats.hpp"
#include "enrich/enricher.hpp"
#include "policy/set.hpp"

#include <memory>
#include <string>

/// The one place that knows the order of things: from a block of the journal to its effects in
/// PostgreSQL (Live), and from a file to its firings (Replay).
namespace pipeline {

/// Everything that evaluation depends on besides the records: immutable, replaced whole on reload.
struct Reference {
    std::shared_ptr<const decode::Formats> formats;
    std::shared_ptr<const policy::Set> policies;
    std::shared_ptr<const call::Names> names;
    enrich::Snapshot facts;  ///< Without registry and tables, facts stay absent.
    std::string origin_key;  ///< Secret of the origin fingerprints, 16 to 64 bytes.
};

/// What will be done with the calls, which decides the names they are decoded into.
enum class Purpose {
    match,  ///< Policies only: replay and policy tests.
    store,  ///< Rollups and raw calls besides.
};

/// A reference with the names that its policies, its purpose and the facts they need ask for.
std::shared_ptr<const Reference> make_reference(std::shared_ptr<const decode::Formats> formats,
                                                std::shared_ptr<const policy::Set> policies,
                                                enrich::Snapshot facts, std::string origin_key,
                                                Purpose purpose);

}  // namespace pipeline
