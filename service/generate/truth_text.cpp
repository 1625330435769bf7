#include "generate/line.hpp"
#include "generate/registry_text.hpp"
#include "generate/stage.hpp"

#include <array>
#include <chrono>
#include <span>

namespace generate {
namespace {

constexpr std::array<std::string_view, 2> licensed{"Face.Identify", "Face.Verify"};

std::string hour(const Stage& stage, std::int64_t hours) {
    return base::to_rfc3339(stage.cast.start + std::chrono::hours{hours});
}

std::vector<std::string> owned(std::span<const std::string_view> texts) {
    return {texts.begin(), texts.end()};
}

void end_row(std::string& out, const std::string& row) {
    out += row;
    out += '\n';
}

void party_row(std::string& out, const PartyRow& party) {
    std::string row;
    Line line(row);
    line.open().text("kind", "party").text("uid", party.uid).text("name", party.name);
    line.known("aliases", party.aliases).known("domains", party.domains);
    line.known("networks", party.networks).text("class", "company").close();
    end_row(out, row);
}

void licence_row(std::string& out, const Stage& stage, const LicenceRow& licence) {
    const std::string& subject = licence.tenant.empty() ? licence.party : licence.tenant;
    std::string row;
    Line line(row);
    line.open().text("kind", "licence").text("uid", "l-" + subject);
    line.known("tenant", licence.tenant).known("party", licence.party);
    line.texts("operations", owned(licensed)).text("use_case", "access control");
    line.text("valid_from", hour(stage, licence.valid_from));
    if (licence.valid_to) line.text("valid_to", hour(stage, *licence.valid_to));
    line.text("known_from", hour(stage, licence.known_from.value_or(licence.valid_from))).close();
    end_row(out, row);
}

void owner_row(std::string& out, const OwnerRow& owner) {
    std::string row;
    Line line(row);
    line.open().text("kind", "owner").text("party", owner.party).text("owner", owner.owner);
    line.text("share", owner.percent).close();
    end_row(out, row);
}

void claim_row(std::string& out, const Stage& stage, const ClaimRow& claim) {
    std::string row;
    Line line(row);
    line.open().text("kind", "claim").text("uid", claim.uid).text("name", claim.name);
    line.text("statement", claim.statement).text("source", "customer page");
    line.text("date", hour(stage, 0)).known("clues", claim.clues).close();
    end_row(out, row);
}

}  // namespace

std::string truth_registry(const Stage& stage) {
    std::string out;
    append_gate(out);
    for (const PartyRow& party : stage.parties) party_row(out, party);
    for (const OwnerRow& owner : stage.owners) owner_row(out, owner);
    for (const Tenant& tenant : stage.cast.tenants) {
        append_tenant(out, stage.cast, tenant,
                      [&](std::string_view uid) { return key_text(stage.seed, uid); });
    }
    for (const LicenceRow& licence : stage.licences) licence_row(out, stage, licence);
    append_leaks(out, stage.cast);
    for (const ClaimRow& claim : stage.claims) claim_row(out, stage, claim);
    return out;
}

std::string truth_rows(const Stage& stage) {
    std::string out;
    for (const Asked& asked : stage.asked) {
        std::string row;
        Line line(row);
        line.open().text("question", asked.uid).text("party", asked.party);
        line.text("name", asked.name).text("route", name(asked.route));
        line.text("variant", asked.variant).flag("uses", asked.uses);
        line.texts("tenants", asked.tenants).number("calls", asked.calls);
        line.number("kept", asked.kept).number("sessions", asked.sessions);
        line.number("kept_sessions", asked.kept_sessions).close();
        end_row(out, row);
    }
    return out;
}

std::string question_rows(const Stage& stage) {
    std::string out;
    for (const Asked& asked : stage.asked) {
        std::vector<std::string> clues;
        for (const Hint& hint : asked.clues) {
            clues.push_back(std::string(hint.kind) + "=" + hint.value);
        }
        std::string row;
        Line line(row);
        line.open().text("question", asked.uid).texts("clues", clues);
        line.text("from", hour(stage, 0)).text("to", hour(stage, Truth::hours));
        line.texts("use", owned(asked.use)).texts("licence", owned(asked.licence)).close();
        end_row(out, row);
    }
    return out;
}

std::string hole_rows(const Stage& stage, const std::vector<Hole>& holes) {
    std::string out;
    for (const Hole& hole : holes) {
        std::string row;
        Line line(row);
        line.open().text("kind", "hole").text("source", hole.source);
        line.text("from", hour(stage, hole.from_hour)).text("to", hour(stage, hole.to_hour));
        if (hole.lost) line.number("lost", *hole.lost);
        line.flag("acknowledged", hole.acknowledged).close();
        end_row(out, row);
    }
    return out;
}

}  // namespace generate
