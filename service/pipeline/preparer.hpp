#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "call/batch.hpp"
#include "decode/decoder.hpp"
#include "enrich/enricher.hpp"
#include "origin/fingerprinter.hpp"
#include "pipeline/reference.hpp"
#include "policy/matcher.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pipeline {

/// The part of evaluation that holds no state between calls: lines to calls with their facts, and
/// the rules that hold on them. One a thread; everything it needs is in the Reference.
class Preparer {
public:
    struct Options {
        bool ungated = false;            ///< The lines passed no gate: check them wholly.
        bool ignore_log_source = false;  ///< Try every rule on every call.
    };

    /// Fails with Fault::invalid when the reference's origin key has the wrong size.
    static base::Result<Preparer> make(std::shared_ptr<const Reference> reference, Options options);

    /// The calls of these lines, which must outlive the next prepare(). Rejects are appended.
    call::Batch& prepare(const decode::Format& format, std::string_view lines,
                         std::uint32_t first_record, base::WallTime arrival,
                         std::vector<decode::Reject>& rejects);
    /// The same into a batch of the caller's, of the reference's names, in place of what it holds.
    /// The lines must live as long as its calls.
    void prepare(call::Batch& batch, const decode::Format& format, std::string_view lines,
                 std::uint32_t first_record, base::WallTime arrival,
                 std::vector<decode::Reject>& rejects);

    /// Gives a call of the last batch what only its arrival tells: who sent it, and whether that
    /// was late. The source is borrowed for as long as the batch lives.
    void tell(std::size_t call, std::string_view source, bool late);

    /// The rules that hold on a call of what was prepared last, ascending; valid until the next
    /// match().
    const std::vector<policy::PolicyIndex>& match(const call::Call& call);

    /// As of the Matcher.
    [[nodiscard]] std::uint64_t cut() const noexcept { return matcher_.cut(); }
    void watch(policy::Busy* busy) noexcept { matcher_.watch(busy); }
    void suspend(std::vector<bool> policies) { matcher_.suspend(std::move(policies)); }

    [[nodiscard]] const Reference& reference() const noexcept { return *reference_; }

private:
    Preparer(std::shared_ptr<const Reference> reference, Options options,
             origin::Fingerprinter fingerprinter);

    struct Reader {
        decode::Decoder decoder;
        policy::Route route;
    };
    Reader& reader(const decode::Format& format);

    std::shared_ptr<const Reference> reference_;
    Options options_;
    call::Batch batch_;
    std::optional<enrich::Enricher> enricher_;
    origin::Fingerprinter fingerprinter_;
    policy::Matcher matcher_;
    std::map<std::string, Reader, std::less<>> readers_;  // by format
    policy::Route route_{};                               // of the last batch
    std::vector<policy::PolicyIndex> matched_;
};

}  // namespace pipeline
