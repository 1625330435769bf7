#include "api/leak_taker.hpp"

#include "base/log.hpp"
#include "store/key_index.hpp"
#include "store/leaks.hpp"
#include "store/presence_source.hpp"
#include "store/registry_table.hpp"

#include <limits>
#include <optional>

namespace api {
namespace {

// A question follows only from a key of ours that was found at places not reported before: the
// limit of those who ask for what they like would lose the question that matters.
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

base::EventTime event_time_of(base::WallTime time) {
    return base::event_time(base::micros(time));
}

}  // namespace

base::Result<void> LeakTaker::look_up(std::vector<presence::FoundToken>& tokens) {
    std::optional<std::uint64_t> known;  // keys whose text the index knows
    std::map<std::string_view, bool> looked_at;
    for (presence::FoundToken& token : tokens) {
        const auto clue = answering_.hasher.clue(registry::KeyClue::Kind::key, token.token);
        if (!clue) {
            token.ours = false;  // no key can have this text
            continue;
        }
        if (!known) {
            const auto count = store::indexed_keys(session_, *clue);
            if (!count) return std::unexpected(count.error());
            known = *count;
        }
        const auto [seen, fresh] = looked_at.emplace(token.token, false);
        if (fresh) {
            const auto hits = store::find_keys(session_, *clue);
            if (!hits) return std::unexpected(hits.error());
            seen->second = !hits->empty();
            for (const store::KeyHit& hit : *hits) {
                Found& found = found_[token.token];
                found.keys.push_back(hit.key);
                found.hashes = clue->credential_uids;
            }
        }
        // Where no key's text was told, "not ours" would be a guess.
        if (seen->second || *known > 0) token.ours = seen->second;
        if (seen->second) found_[token.token].places.push_back(token.place);
    }
    return {};
}

void LeakTaker::add(std::vector<registry::Leak>& leaks, const Found& found, const std::string& key,
                    const std::string& place) const {
    for (const std::string& hash : found.hashes) {
        leaks.push_back({.key = key,
                         .key_hash = hash,
                         .first_seen = event_time_of(now_),
                         .source = reporter_ + " " + place});
    }
}

base::Result<std::size_t> LeakTaker::record(std::string_view details,
                                            std::string_view key_identifier) {
    std::vector<registry::Leak> leaks;
    for (const auto& [text, found] : found_) {
        for (const std::string& key : found.keys) {
            for (const std::string& place : found.places) add(leaks, found, key, place);
        }
    }
    registry::Rows rows;
    auto fresh = store::begin_leak_report(session_, reporter_, key_identifier, details, leaks);
    if (!fresh) return std::unexpected(fresh.error());
    if (fresh->empty()) return 0;
    rows.leaks = std::move(*fresh);
    const auto done = store::RegistryTable(session_).import(rows, now_, reporter_);
    if (!done) return std::unexpected(done.error());
    return rows.leaks.size();
}

base::Result<bool> LeakTaker::ask_about(std::string_view token, const Found& found) {
    const std::string case_ref = presence::leak_case(found.keys, found.places);
    const auto answered = store::Answers(session_).answered(reporter_, case_ref);
    if (!answered) return std::unexpected(answered.error());
    if (*answered) return false;
    auto newest = store::newest_event(session_);
    if (!newest && newest.error().fault != base::Fault::not_found)
        return std::unexpected(newest.error());
    // Before the first call the answer is that nothing can be said, and that is an answer too.
    auto question =
        presence::leak_question(token, case_ref, reporter_, newest ? *newest : event_time_of(now_));
    const auto answer = ask(session_, std::move(question), answering_, now_, no_limit);
    if (!answer) return std::unexpected(answer.error());
    base::log::info("leaks.answered", {{"case", case_ref}, {"answer", answer->id}});
    return true;
}

base::Result<std::size_t> LeakTaker::ask_about_each() {
    std::size_t asked = 0;
    base::Result<std::size_t> failure;
    for (const auto& [text, found] : found_) {
        const auto done = ask_about(text, found);
        if (done) {
            asked += *done;
        } else if (failure) {
            failure = std::unexpected(done.error());
        }
    }
    return failure ? asked : failure;
}

}  // namespace api
