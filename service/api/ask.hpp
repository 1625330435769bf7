#pragma once

#include "base/ed25519.hpp"
#include "base/result.hpp"
#include "presence/facts.hpp"
#include "registry/key_hasher.hpp"
#include "store/answers.hpp"
#include "store/registry_cache.hpp"
#include "store/session.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace api {

/// What answering needs beside the database. Shared between threads.
struct Answering {
    std::shared_ptr<store::RegistryCache> registries = std::make_shared<store::RegistryCache>();
    registry::KeyHasher hasher;    ///< Finds keys by their text.
    base::SigningKey signing;      ///< Signs records.
    std::uint64_t per_hour = 120;  ///< Questions that one asker may ask, 1 to 100,000.
};

/// Answers a question and keeps the answer: audit, facts, verdict, signature. The same question
/// over the same data gives the same bytes. Fault::exhausted when the asker has asked `most` in the
/// last hour.
base::Result<store::StoredAnswer> ask(store::Session& session, presence::Question question,
                                      const Answering& answering, base::WallTime now,
                                      std::uint64_t most);

/// The answer with all that proves it, signed: what callerprint-verify checks.
base::Result<std::string> export_answer(store::Session& session, const store::StoredAnswer& answer,
                                        const Answering& answering);

/// The record of an answer as JSON.
boost::json::object record_of(const store::StoredAnswer& answer);

/// "ed25519:" and the public key in base64: what a verifier is given.
std::string public_key_text(const Answering& answering);

}  // namespace api
