#pragma once

#include "base/result.hpp"
#include "call/batch.hpp"
#include "call/names.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace origin {

/// Fills origin.exact, origin.place, origin.network_client, origin.software (the levels L0 to L3 of
/// the `of1` fingerprint), origin.client_family, origin.client_version, origin.platform and
/// origin.app, as far as Names wants them. The rules are docs/reference/origin.md.
///
/// Owned by one worker. Remembers the tokens it made and the agents it read, both within bounds.
class Fingerprinter {
public:
    struct Options {
        std::string key;  ///< Secret of the deployment and epoch; 16 to 64 bytes.
        /// Tokens remembered, at 64 bytes each; the next power of two below counts. 16 to
        /// 10'000'000.
        std::size_t max_remembered = 262'144;
        /// Bytes that agents, prints and place names may take before all are forgotten, at the end
        /// of a batch.
        std::size_t max_word_bytes = 4 << 20;
    };

    /// Fails with Fault::invalid, naming the option and its range.
    static base::Result<Fingerprinter> make(Options options,
                                            std::shared_ptr<const call::Names> names);
    ~Fingerprinter();
    Fingerprinter(Fingerprinter&& other) noexcept;
    Fingerprinter& operator=(Fingerprinter&& other) noexcept;

    /// Adds the fields that wanted origin facts are computed from, the AS among them: call before
    /// Enricher::want.
    static void want(call::Names& names);

    /// A level is absent when what it is about is not known: L0 and L1 need an address or a place
    /// name, L2 an AS, L3 a client or a JA4. Facts that a call already has are kept. Call after
    /// enrichment: the AS takes part. The batch keeps the texts it was given alive.
    void apply(call::Batch& batch);

private:
    struct State;
    explicit Fingerprinter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace origin
