#include "presence/bundle.hpp"

#include "base/digest.hpp"
#include "base/ed25519.hpp"
#include "coverage/merkle.hpp"
#include "presence/record.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <map>
#include <optional>

namespace presence {
namespace {

namespace json = boost::json;

constexpr std::string_view scheme = "ed25519:";

/// The bytes of a base64 text that is spelt as we spell it: a bit that decoding ignores is a
/// change.
std::optional<std::string> strict_base64(std::string_view text) {
    std::string bytes;
    if (!base::from_base64(text, bytes)) return {};
    const auto again =
        base::base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    return again == text ? std::optional(bytes) : std::nullopt;
}

/// The text in front of the signature, when the key signed it; else why not.
base::Result<std::string> signed_text(std::string_view what, std::string_view text,
                                      std::string_view public_key) {
    const auto fail = [&](const char* why) {
        return base::fail(base::Fault::invalid, std::string(what) + ": " + why);
    };
    const auto split = split_signature(text);
    if (!split) return fail("has no signature at its end");
    const std::string_view signature = split->signature;
    const auto colon = signature.rfind(':');
    if (!signature.starts_with(scheme) || colon == std::string_view::npos ||
        colon < scheme.size()) {
        return fail("its signature is not of the form ed25519:PUBLIC:SIGNATURE");
    }
    if (signature.substr(0, colon) != public_key) return fail("is signed by another key");
    const auto key = strict_base64(public_key.substr(scheme.size()));
    const auto bytes = strict_base64(signature.substr(colon + 1));
    if (!key || !bytes || !base::verify_ed25519(*key, split->text, *bytes)) {
        return fail("its signature does not fit its text: it was changed");
    }
    return split->text;
}

std::optional<base::Digest> digest_of(const json::value* value) {
    const auto* text = value ? value->if_string() : nullptr;
    if (!text || text->size() != 64) return {};
    base::Digest out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
        unsigned byte = 0;
        for (const char c : {(*text)[2 * i], (*text)[2 * i + 1]}) {
            const bool digit = c >= '0' && c <= '9';
            if (!digit && !(c >= 'a' && c <= 'f')) return {};
            byte = byte * 16 + static_cast<unsigned>(digit ? c - '0' : c - 'a' + 10);
        }
        out[i] = static_cast<std::uint8_t>(byte);
    }
    return out;
}

std::uint64_t number_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value) return 0;
    if (const auto* number = value->if_int64(); number && *number >= 0) {
        return static_cast<std::uint64_t>(*number);
    }
    const auto* number = value->if_uint64();
    return number ? *number : 0;
}

class Verifier {
public:
    Verified run(std::string_view text, std::string_view public_key) {
        const auto whole = signed_text("bundle", text, public_key);
        if (!whole) return stop(whole.error());
        boost::system::error_code fault;
        const auto parsed = json::parse(*whole, fault);
        const auto* bundle = fault ? nullptr : parsed.if_object();
        if (!bundle || canonical(*bundle) != *whole) {
            return stop({base::Fault::invalid, "bundle: is not the JSON that we write"});
        }
        if (!bundle->if_contains("format") || bundle->at("format") != "callerprint-bundle-1") {
            return stop({base::Fault::invalid, "bundle: its format is not callerprint-bundle-1"});
        }
        check_answer(*bundle, public_key);
        check_chain(*bundle);
        check_records(*bundle);
        return std::move(out_);
    }

private:
    Verified stop(const base::Error& error) {
        out_.problems.push_back(error.reason);
        return std::move(out_);
    }
    void problem(std::string what) { out_.problems.push_back(std::move(what)); }

    void check_answer(const json::object& bundle, std::string_view public_key) {
        const auto* answer = bundle.if_contains("answer");
        const auto* text = answer ? answer->if_string() : nullptr;
        if (!text) return problem("bundle: holds no answer");
        const auto signed_by = signed_text("answer", *text, public_key);
        if (!signed_by) return problem(signed_by.error().reason);
        boost::system::error_code fault;
        const auto parsed = json::parse(*signed_by, fault);
        const auto* object = fault ? nullptr : parsed.if_object();
        if (!object || !object->if_contains("query_id")) return problem("answer: is no record");
        answer_ = *object;
        const json::value id = answer_.at("query_id");
        json::object rest;
        for (const auto& [name, value] : *object) {
            if (name != "query_id") rest[name] = value;
        }
        if (id != json::value(id_of(rest))) {
            problem("answer: its id is not the digest of what it says");
        }
        out_.id = id.is_string() ? std::string(id.as_string()) : "";
        if (const auto* use = answer_.if_contains("use"); use && use->is_string()) {
            out_.use = use->as_string();
        }
        if (const auto* licence = answer_.if_contains("licence"); licence && licence->is_object()) {
            if (const auto* now = licence->as_object().if_contains("known_now");
                now && now->is_string()) {
                out_.licence = now->as_string();
            }
        }
    }

    void check_chain(const json::object& bundle) {
        const auto* chain = bundle.if_contains("chain");
        if (!chain || !chain->is_array()) return problem("bundle: holds no chain");
        std::uint64_t before = 0;
        std::optional<base::Digest> head_before;
        for (const auto& value : chain->as_array()) {
            const auto* object = value.if_object();
            if (!object) return problem("chain: an entry is no object");
            const std::uint64_t number = number_of(*object, "number");
            const std::string name = "chain entry " + std::to_string(number);
            const auto previous = digest_of(object->if_contains("previous"));
            const auto root = digest_of(object->if_contains("root"));
            const auto head = digest_of(object->if_contains("head"));
            if (!previous || !root || !head || number <= before) {
                return problem(name + ": is damaged or out of order");
            }
            const coverage::Link link{
                .from = number_of(*object, "from"),
                .to = number_of(*object, "to"),
                .records = number_of(*object, "records"),
                .at = base::wall_time(static_cast<std::int64_t>(number_of(*object, "at"))),
                .root = *root,
                .head = *head};
            if (coverage::head_of(*previous, link) != *head) {
                problem(name + ": its head does not follow from what it says");
            }
            if (head_before && number == before + 1 && *previous != *head_before) {
                problem(name + ": does not follow the entry before it");
            }
            roots_[number] = *root;
            before = number;
            head_before = *head;
        }
        check_head(head_before);
    }

    /// The answer names the head of the chain when it was given: the chain must lead there.
    void check_head(const std::optional<base::Digest>& last) {
        const auto* coverage = answer_.if_contains("coverage");
        const auto* head = coverage && coverage->is_object()
                               ? coverage->as_object().if_contains("chain_head")
                               : nullptr;
        if (!head || head->is_null()) return;
        if (!last || *head != json::value(base::hex(*last))) {
            problem("chain: does not end at the head that the answer names");
        }
    }

    void check_records(const json::object& bundle) {
        const auto* records = bundle.if_contains("records");
        if (!records || !records->is_array()) return problem("bundle: holds no list of records");
        std::map<std::string, bool> shown;
        for (const auto& value : records->as_array()) {
            const auto* object = value.if_object();
            if (!object) return problem("records: one is no object");
            const std::string name = "record " + std::to_string(number_of(*object, "record")) +
                                     " of block " + std::to_string(number_of(*object, "block"));
            const bool holds = in_its_batch(*object);
            if (!holds) problem(name + ": is not proven to be in the batch that it names");
            out_.records += holds;
            if (const auto digest = digest_of(object->if_contains("sha256"))) {
                shown[base::hex(*digest)] = true;
            }
        }
        const auto* cited = answer_.if_contains("evidence");
        if (!cited || !cited->is_array()) return;
        for (const auto& each : cited->as_array()) {
            const auto* object = each.if_object();
            const auto digest = object ? digest_of(object->if_contains("sha256")) : std::nullopt;
            if (!digest || !shown.contains(base::hex(*digest))) {
                problem("answer: cites a record that the bundle does not prove");
            }
        }
    }

    bool in_its_batch(const json::object& record) const {
        const auto root = roots_.find(number_of(record, "link"));
        const auto sha256 = digest_of(record.if_contains("sha256"));
        const auto* path = record.if_contains("proof");
        if (root == roots_.end() || !sha256 || !path || !path->is_array()) return false;
        std::vector<base::Digest> proof;
        for (const auto& each : path->as_array()) {
            const auto digest = digest_of(&each);
            if (!digest) return false;
            proof.push_back(*digest);
        }
        const auto leaf = coverage::record_leaf_of(
            number_of(record, "block"), static_cast<std::uint32_t>(number_of(record, "record")),
            *sha256);
        return coverage::merkle::root_of_proof(leaf, number_of(record, "leaf"),
                                               number_of(record, "leaves"), proof) == root->second;
    }

    Verified out_;
    json::object answer_;
    std::map<std::uint64_t, base::Digest> roots_;
};

}  // namespace

Verified verify_bundle(std::string_view text, std::string_view public_key) {
    if (!public_key.starts_with(scheme)) {
        Verified out;
        out.problems.emplace_back("key: give ed25519: and the base64 that `answer key` prints");
        return out;
    }
    return Verifier().run(text, public_key);
}

}  // namespace presence
