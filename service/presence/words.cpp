#include "presence/words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace presence {
namespace {

bool has_clue(const Question& question, Group group) {
    return std::ranges::any_of(question.clues,
                               [&](const Clue& clue) { return group_of(clue.kind) == group; });
}

std::string tenants_of(const Answer& answer) {
    std::string out;
    for (const Candidate& candidate : answer.candidates) {
        out.append(out.empty() ? "" : ", ")
            .append(candidate.tenant.empty() ? "one that the calls do not name" : candidate.tenant);
    }
    return out;
}

std::uint64_t calls_of(const Answer& answer) {
    std::uint64_t calls = 0;
    for (const Candidate& candidate : answer.candidates) calls += candidate.ok;
    return calls;
}

std::string power_words(const Power& power) {
    const auto at = [&](std::size_t i) {
        return power.n95[i] ? count_of(*power.n95[i], "session")
                            : std::string("no number of sessions");
    };
    return "Had the party made " + at(0) +
           " of calls that show one of these clues, one would have been "
           "seen with 95 %; if only one in ten of its sessions shows it, " +
           at(2) +
           ". A single burst "
           "of one hour would have been missed with " +
           percent(power.burst_missed) + ".";
}

std::string yes_words(const Question& question, const Answer& answer) {
    const bool about_key = about_a_key(question);
    const std::string who = about_key ? "The key" : "The party that the clues describe";
    const std::string sure = answer.use == UseVerdict::used ? "was" : "was probably";
    std::string out =
        who + " " + sure + (about_key ? " used" : " using the API") + " in " + period(question) +
        ": " + count_of(calls_of(answer), "call") + " that worked, through " +
        (answer.candidates.size() == 1 ? "tenant " : "tenants ") + tenants_of(answer) + ".";
    if (about_key) return out + " This says nothing of who held the key.";
    out += answer.customer_record
               ? " The tenant is the party's by the customer record."
               : " Independent kinds of evidence agree; the tenant's own holder is "
                 "not accused by this, since keys are lent and stolen.";
    return out;
}

std::string licence_words(const Answer& answer) {
    switch (answer.licence.known_now) {
        case LicenceVerdict::licensed:
            return " A licence covers what was used.";
        case LicenceVerdict::unlicensed:
            return " No licence covers all that was used.";
        case LicenceVerdict::unclear:
            return " Whether a licence covers it is not clear.";
        case LicenceVerdict::not_applicable:
            break;
    }
    return answer.candidates.empty() ? "" : " No operation that needs a licence worked.";
}

}  // namespace

std::string count_of(std::uint64_t count, std::string_view thing) {
    std::string digits = std::to_string(count);
    for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits + " " + std::string(thing) + (count == 1 ? "" : "s");
}

std::string percent(double share) {
    // Down, so that 99.999 % does not read as all of it.
    const double hundredths = std::floor(std::clamp(share, 0.0, 1.0) * 10'000);
    char text[16];
    const int size = std::snprintf(text, sizeof text, "%.2f", hundredths / 100);
    std::string out(text, static_cast<std::size_t>(size));
    while (out.ends_with('0')) out.pop_back();
    if (out.ends_with('.')) out.pop_back();
    return out + " %";
}

std::string period(const Question& question) {
    return "the time from " + base::to_rfc3339(question.from) + " to " +
           base::to_rfc3339(question.to);
}

std::string gap_words(const coverage::Gap& gap) {
    const std::string who = gap.source.empty() ? std::string("all sources") : gap.source;
    const std::string when =
        " between " + base::to_rfc3339(gap.from) + " and " + base::to_rfc3339(gap.to);
    switch (gap.cause) {
        case coverage::Cause::silent:
            return "nothing came from " + who + when;
        case coverage::Cause::sequence:
            return "numbered batches of " + who + " are missing" + when;
        case coverage::Cause::counter:
            return who + " counted more calls than came" + when;
        case coverage::Cause::dead_letters:
            return "most records of " + who + " could not be read" + when;
        case coverage::Cause::not_retained:
            return "calls of " + who + " are not kept any more" + when;
        case coverage::Cause::no_expectation:
            return "nobody declared what " + who + " should have sent" + when;
        case coverage::Cause::clock:
            return "times of " + who + " are not known to be right" + when;
        case coverage::Cause::suspended:
            return "a policy was suspended" + when;
    }
    return {};
}

std::string statement(const Question& question, const Facts& facts, const Answer& answer) {
    std::string out;
    switch (answer.use) {
        case UseVerdict::used:
        case UseVerdict::likely_used:
            out = yes_words(question, answer);
            break;
        case UseVerdict::inconclusive:
            out =
                "What was given fits calls of " + count_of(answer.others, "tenant") + " out of " +
                count_of(facts.active_tenants, "active tenant") + " in " + period(question) +
                ". That is not enough to name anybody: chance, a shared network or a shared client "
                "explains it as well.";
            break;
        case UseVerdict::not_observed:
            out = "No call that shows one of the clues was found in " + period(question) + ". " +
                  power_words(answer.power) +
                  " Use that shows none of these clues, through a proxy "
                  "with a common client for instance, would not have been seen.";
            break;
        case UseVerdict::not_issued:
            out =
                "No key of ours is or contains what was given. If the party calls us, it is with "
                "another key.";
            break;
        case UseVerdict::cannot_say:
            out = "Nothing was found, and that proves nothing: " +
                  (answer.because.empty() ? std::string() : answer.because.front()) + ".";
            break;
    }
    return out + licence_words(answer);
}

std::vector<std::string> limits(const Question& question, const Facts& facts,
                                const Answer& answer) {
    std::vector<std::string> out = {"names no natural person", "geography is no evidence here"};
    if (!facts.coverage.canaries || facts.coverage.canaries->sent == 0) {
        out.emplace_back(
            "no canary was sent in the period, so that the search itself was not tried");
    }
    if (has_clue(question, Group::egress)) {
        out.emplace_back(
            "calls through proxies, carriers or clouds do not show the party's network");
    }
    if (has_clue(question, Group::client)) {
        out.emplace_back("a client can be renamed, and a copied one proves nothing by itself");
    }
    if (has_clue(question, Group::resource))
        out.emplace_back("a resource is looked for only in calls that were kept");
    const bool domain = std::ranges::any_of(
        question.clues, [](const Clue& clue) { return clue.kind == Kind::domain; });
    if (domain) {
        out.emplace_back(
            "a domain in a comment of an agent, in a user's address or in the name of an address "
            "is "
            "seen only in calls that were kept, and whoever writes it may not be its owner");
    }
    if (has_clue(question, Group::credential) && !about_a_key(question)) {
        out.emplace_back("who holds a key is not known from the key");
    }
    for (const coverage::Gap& gap : facts.coverage.gaps) {
        if (gap.acknowledged) out.push_back(gap_words(gap) + " (acknowledged)");
    }
    if (facts.records_gone) {
        out.push_back("records of before " + base::to_rfc3339(*facts.records_gone) +
                      " have been deleted since and are not cited");
    }
    if (facts.clues_left_off > 0) {
        out.push_back(count_of(facts.clues_left_off, "more clue") +
                      " of the registry did not fit into the question and were not searched for");
    }
    for (std::size_t i = 0; i < facts.clues.size(); ++i) {
        if (!facts.clues[i].more) continue;
        out.push_back("the " + std::string(name(question.clues[i].kind)) +
                      " clue fits so many that only those were weighed with whom it is most seen, "
                      "and all that another clue speaks of");
    }
    if (answer.use == UseVerdict::not_observed && !has_clue(question, Group::egress)) {
        out.emplace_back("no network of the party was given");
    }
    return out;
}

std::vector<std::string> would_change(const Question& question, const Facts& facts,
                                      const Answer& answer) {
    std::vector<std::string> out;
    for (const Candidate& candidate : answer.candidates) {
        for (std::size_t i = 0; i < candidate.contributions.size(); ++i) {
            const Contribution& each = candidate.contributions[i];
            if (each.nats <= 0 || about_a_key(question)) continue;
            char text[16];
            std::snprintf(text, sizeof text, "%.2f", candidate.without[i]);
            out.push_back("without the " + std::string(name(each.group)) + " evidence, " +
                          (candidate.tenant.empty() ? "the tenant" : candidate.tenant) +
                          " is at p = " + text);
        }
    }
    if (answer.use == UseVerdict::inconclusive) {
        for (const Group group :
             {Group::credential, Group::egress, Group::client, Group::resource}) {
            if (!has_clue(question, group)) {
                out.push_back("a second kind of evidence: a " + std::string(name(group)) + " clue");
            }
        }
    }
    if (answer.use == UseVerdict::cannot_say) {
        for (const coverage::Gap& gap : facts.coverage.gaps) {
            if (!gap.acknowledged) out.push_back("records or an explanation: " + gap_words(gap));
        }
        const bool traffic = std::ranges::any_of(question.clues, [](const Clue& clue) {
            const auto group = group_of(clue.kind);
            return group && *group != Group::registry;
        });
        if (!traffic) out.emplace_back("a key, a network, a client or a resource of the party");
    }
    if (answer.use == UseVerdict::not_observed) {
        out.emplace_back("any call with one of the clues; late records of the period");
    }
    return out;
}

}  // namespace presence
