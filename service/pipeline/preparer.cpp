#include "pipeline/preparer.hpp"

namespace pipeline {

base::Result<Preparer> Preparer::make(std::shared_ptr<const Reference> reference, Options options) {
    auto fingerprinter =
        origin::Fingerprinter::make({.key = reference->origin_key}, reference->names);
    if (!fingerprinter) return std::unexpected(fingerprinter.error());
    return Preparer(std::move(reference), options, std::move(*fingerprinter));
}

Preparer::Preparer(std::shared_ptr<const Reference> reference, Options options,
                   origin::Fingerprinter fingerprinter)
    : reference_(std::move(reference)),
      options_(options),
      batch_(reference_->names),
      fingerprinter_(std::move(fingerprinter)),
      matcher_(reference_->policies, reference_->names, options.ignore_log_source) {
    // Without reference data nothing is known; an enricher would call every licence unclear.
    if (reference_->facts.registry || !reference_->facts.tables.empty()) {
        enricher_.emplace(reference_->facts, reference_->names);
    }
}

Preparer::Reader& Preparer::reader(const decode::Format& format) {
    if (const auto found = readers_.find(format.name()); found != readers_.end())
        return found->second;
    const auto& source = format.log_source();
    const decode::Decoder::Options options{.limits = {}, .ungated = options_.ungated};
    Reader made{decode::Decoder(format, reference_->names, options),
                matcher_.route({source.product, source.service, source.category})};
    return readers_.emplace(format.name(), std::move(made)).first->second;
}

call::Batch& Preparer::prepare(const decode::Format& format, std::string_view lines,
                               std::uint32_t first_record, base::WallTime arrival,
                               std::vector<decode::Reject>& rejects) {
    prepare(batch_, format, lines, first_record, arrival, rejects);
    return batch_;
}

void Preparer::prepare(call::Batch& batch, const decode::Format& format, std::string_view lines,
                       std::uint32_t first_record, base::WallTime arrival,
                       std::vector<decode::Reject>& rejects) {
    auto& chosen = reader(format);
    route_ = chosen.route;
    batch.clear();
    chosen.decoder.decode(lines, first_record, arrival, batch, rejects);
    if (enricher_) enricher_->apply(batch);
    fingerprinter_.apply(batch);
}

void Preparer::tell(std::size_t call, std::string_view source, bool late) {
    auto row = batch_.row(call);
    if (late) row.header.notes |= call::note_late;
    const auto& names = batch_.names();
    if (const auto slot = names.slot(call::Field::late); slot != call::no_slot) {
        row.values[slot] = call::Value::of(late);
    }
    if (const auto slot = names.slot(call::Field::source); slot != call::no_slot) {
        row.values[slot] = call::Value::of(source);
    }
}

const std::vector<policy::PolicyIndex>& Preparer::match(const call::Call& call) {
    matcher_.match(call, route_, matched_);
    return matched_;
}

}  // namespace pipeline
