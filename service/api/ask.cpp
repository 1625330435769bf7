#include "api/ask.hpp"

#include "base/digest.hpp"
#include "presence/answer.hpp"
#include "presence/bundle.hpp"
#include "presence/gather.hpp"
#include "presence/record.hpp"
#include "store/bundle.hpp"
#include "store/presence_source.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <span>

namespace api {
namespace {

namespace json = boost::json;

std::span<const std::uint8_t> bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// What the audit keeps of a question: never a key.
std::string for_audit(const presence::Question& question) {
    json::array clues;
    for (const presence::Clue& clue : question.clues) {
        clues.push_back({{"type", presence::name(clue.kind)}, {"value", presence::masked(clue)}});
    }
    return json::serialize(json::object{{"clues", std::move(clues)},
                                        {"from", base::to_rfc3339(question.from)},
                                        {"to", base::to_rfc3339(question.to)}});
}

/// "ed25519:PUBLIC:SIGNATURE" of the text.
std::string signature_of(std::string_view text, const base::SigningKey& key) {
    return "ed25519:" + base::base64(bytes(key.public_key())) + ":" +
           base::base64(bytes(key.sign(text)));
}

std::string sign(const std::string& record, const base::SigningKey& key) {
    return presence::with_signature(record, signature_of(record, key));
}

}  // namespace

base::Result<store::StoredAnswer> ask(store::Session& session, presence::Question question,
                                      const Answering& answering, base::WallTime now,
                                      std::uint64_t most) {
    store::Answers answers(session);
    const auto allowed =
        answers.begin(question.asked_by, question.case_ref, for_audit(question), most, now);
    if (!allowed) return std::unexpected(allowed.error());
    const auto known_at = store::known_at(session, question);
    if (!known_at) return std::unexpected(known_at.error());
    store::PresenceSource source(session, *answering.registries, answering.hasher, question,
                                 *known_at);
    const auto facts = presence::gather(question, source);
    if (!facts) return std::unexpected(facts.error());
    const presence::Answer answer = presence::answer(question, *facts);
    const json::object record = presence::to_json(question, *facts, answer);
    store::StoredAnswer out{.id = presence::id_of(record),
                            .asked_by = question.asked_by,
                            .case_ref = question.case_ref,
                            .from = question.from,
                            .to = question.to,
                            .as_of = question.as_of,
                            .use = std::string(presence::name(answer.use)),
                            .licence = std::string(presence::name(answer.licence.known_now)),
                            .confidence = answer.confidence,
                            .statement = answer.statement,
                            .record = sign(presence::with_id(record), answering.signing)};
    // The moment it holds of, so that it can be asked as of then again.
    if (auto saved = answers.save(out, question.as_of ? now : *known_at); !saved)
        return std::unexpected(saved.error());
    return out;
}

base::Result<std::string> export_answer(store::Session& session, const store::StoredAnswer& answer,
                                        const Answering& answering) {
    const auto bundle = store::read_bundle(session, answer);
    if (!bundle) return std::unexpected(bundle.error());
    return presence::write_bundle(
        *bundle, [&](std::string_view text) { return signature_of(text, answering.signing); });
}

json::object record_of(const store::StoredAnswer& answer) {
    return json::parse(answer.record).as_object();
}

std::string public_key_text(const Answering& answering) {
    return "ed25519:" + base::base64(bytes(answering.signing.public_key()));
}

}  // namespace api
