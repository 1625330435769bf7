#include "alert/grouper.hpp"

#include "alert/evidence.hpp"
#include "alert/summary.hpp"
#include "base/assert.hpp"
#include "base/digest.hpp"
#include "call/field.hpp"
#include "correlate/codec.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace alert {
namespace {

constexpr std::string_view magic = "CPAG";
constexpr std::uint64_t version = 1;
constexpr std::size_t fewest_remembered = 16;

const std::optional<std::string>* find(const correlate::Firing& firing, std::string_view field) {
    for (const auto& part : firing.group) {
        if (call::canonical(part.name) == call::canonical(field)) return &part.value;
    }
    return nullptr;
}

/// A policy in trial, or out of service, is recorded and told to nobody. One without a status was
/// written to be told of.
bool shadow(std::string_view status) {
    return status != "stable" && !status.empty();
}

std::string tenant_of(const correlate::Firing& firing, const Subject& subject) {
    if (const auto* value = find(firing, call::name(call::Field::tenant_uid)); value != nullptr) {
        return value->value_or("");
    }
    return subject.kind == "tenant" ? subject.value : "";
}

}  // namespace

Subject subject_of(const policy::Set& set, const correlate::Firing& firing) {
    const policy::Meta& meta = set.policies()[firing.policy].callerprint;
    if (meta.subject != policy::SubjectKind::none) {
        if (const auto* value = find(firing, meta.subject_field); value != nullptr) {
            return {std::string(policy::name(meta.subject)), value->value_or("")};
        }
    }
    // No field says: the alert is about the group. One part stands for itself; several are written
    // with their names, so that two groups never look alike.
    const auto& group = firing.group;
    if (group.empty()) return {"group", ""};
    if (group.size() == 1 && group.front().value) return {"group", *group.front().value};
    return {"group", boost::json::serialize(to_json(group))};
}

std::string alert_id(std::string_view tenant, const policy::Policy& policy,
                     std::string_view detection, const Subject& subject, base::EventTime opened) {
    base::LengthPrefixed text;
    text.add(tenant)
        .add(policy.key())
        .add(policy.callerprint.series)
        .add(detection)
        .add(subject.kind)
        .add(subject.value)
        .add(base::micros(opened));
    const auto digest = base::sha256(text.text());
    return base::base32(std::span(digest).first<16>());
}

/// What is remembered of an alert that can still be updated.
struct Open {
    std::int64_t opened = 0;
    std::int64_t last_seen = 0;
    std::int64_t quiet_until = 0;
    std::uint64_t count = 0;
};

class Grouper::State {
public:
    State(std::shared_ptr<const policy::Set> set, Options options)
        : set_(std::move(set)), options_(options) {
        BASE_ASSERT(options_.quiet >= std::chrono::seconds{1});
        options_.remembered = std::max(options_.remembered, fewest_remembered);
    }

    void apply(const correlate::Firing& firing, std::vector<Change>& out);
    void use(std::shared_ptr<const policy::Set> set) { set_ = std::move(set); }
    [[nodiscard]] Stats stats() const noexcept {
        Stats out = stats_;
        out.remembered = open_.size();
        return out;
    }
    [[nodiscard]] std::string save() const;
    base::Result<void> restore(std::string_view state);

private:
    using Map = std::map<std::string, Open, std::less<>>;
    using Due = std::set<std::pair<std::int64_t, std::string_view>>;  // views of open_'s keys

    void forget_before(std::int64_t now);
    void remember(std::string key, const Open& open);
    [[nodiscard]] Alert describe(const correlate::Firing& firing, const Subject& subject,
                                 const std::string& tenant, const Open& open) const;

    std::shared_ptr<const policy::Set> set_;
    Options options_;
    Stats stats_;
    Map open_;
    Due due_;
};

void Grouper::State::apply(const correlate::Firing& firing, std::vector<Change>& out) {
    const policy::Policy& policy = set_->policies()[firing.policy];
    const std::int64_t at = base::micros(firing.at);
    const Subject subject = subject_of(*set_, firing);
    const std::string tenant = tenant_of(firing, subject);
    base::LengthPrefixed key;  // the tenant is part of it: nothing is deduplicated across tenants
    key.add(policy.key()).add(policy.callerprint.series).add(tenant);
    key.add(subject.kind).add(subject.value);
    // An episode's repeats may come after its quiet time: they go to its alert while it is known.
    if (!firing.repeat) forget_before(at);
    if (const auto known = open_.find(key.text()); known != open_.end()) {
        Open& open = known->second;
        open.last_seen = std::max(open.last_seen, at);
        open.count += firing.matches;
        ++stats_.updated;
        Change change{Change::Kind::updated, describe(firing, subject, tenant, open), {}};
        out.push_back(std::move(change));
        return;
    }
    if (firing.repeat) return;
    const std::int64_t quiet = policy.callerprint.quiet.value_or(options_.quiet).count();
    const Open open{at, at, at + quiet, firing.matches};
    remember(key.text(), open);
    ++stats_.opened;
    Change change{Change::Kind::opened, describe(firing, subject, tenant, open), firing.sample};
    change.alert.group = to_json(firing.group);
    change.alert.summary = summary_of(*set_, firing, subject);
    change.alert.evidence = evidence_of(*set_, firing);
    change.alert.benign = policy.callerprint.benign;
    out.push_back(std::move(change));
}

Alert Grouper::State::describe(const correlate::Firing& firing, const Subject& subject,
                               const std::string& tenant, const Open& open) const {
    const policy::Policy& policy = set_->policies()[firing.policy];
    Alert out;
    out.opened = base::event_time(open.opened);
    out.last_seen = base::event_time(open.last_seen);
    out.count = open.count;
    out.id = alert_id(tenant, policy, detection_of(*set_, firing.policy), subject, out.opened);
    out.policy_key = policy.key();
    out.policy_id = policy.id;
    out.policy_name = policy.name;
    out.policy_title = policy.title;
    out.policy_digest = policy.digest;
    out.level = policy.level.empty() ? "medium" : policy.level;
    out.status = policy.status;
    out.family = policy.callerprint.family;
    out.clause = policy.callerprint.clause;
    out.shadow = shadow(policy.status);
    out.tenant = tenant;
    out.subject = subject;
    return out;
}

void Grouper::State::forget_before(std::int64_t now) {
    while (!due_.empty() && due_.begin()->first <= now) {
        const std::string_view key = due_.begin()->second;
        due_.erase(due_.begin());
        open_.erase(open_.find(key));
    }
}

void Grouper::State::remember(std::string key, const Open& open) {
    if (open_.size() >= options_.remembered) {
        const std::string_view first = due_.begin()->second;
        due_.erase(due_.begin());
        open_.erase(open_.find(first));
        ++stats_.forgotten;
    }
    const auto [place, fresh] = open_.emplace(std::move(key), open);
    due_.emplace(open.quiet_until, place->first);
}

std::string Grouper::State::save() const {
    correlate::Writer out;
    out.number(open_.size());
    for (const auto& [key, open] : open_) {
        out.bytes(key);
        out.signed_number(open.opened);
        out.signed_number(open.last_seen);
        out.signed_number(open.quiet_until);
        out.number(open.count);
    }
    return std::move(out).seal(magic, version);
}

base::Result<void> Grouper::State::restore(std::string_view state) {
    const auto content = correlate::unseal(state, magic, version, "saved alert memory");
    if (!content) return std::unexpected(content.error());
    correlate::Reader in(*content);
    Map open;
    for (std::uint64_t n = in.count(5); n > 0 && in.good(); --n) {
        const auto key = in.bytes();
        Open entry;
        entry.opened = in.signed_number();
        entry.last_seen = in.signed_number();
        entry.quiet_until = in.signed_number();
        entry.count = in.number();
        open.emplace(key, entry);
    }
    if (!in.done()) {
        return base::fail(base::Fault::invalid, "saved alert memory cannot be read to its end");
    }
    open_ = std::move(open);
    due_.clear();
    for (const auto& [key, entry] : open_) due_.emplace(entry.quiet_until, key);
    return {};
}

Grouper::Grouper(std::shared_ptr<const policy::Set> set, Options options)
    : state_(std::make_unique<State>(std::move(set), options)) {}
Grouper::~Grouper() = default;
Grouper::Grouper(Grouper&&) noexcept = default;
Grouper& Grouper::operator=(Grouper&&) noexcept = default;

void Grouper::apply(const correlate::Firing& firing, std::vector<Change>& out) {
    state_->apply(firing, out);
}
void Grouper::use(std::shared_ptr<const policy::Set> set) {
    state_->use(std::move(set));
}
Grouper::Stats Grouper::stats() const noexcept {
    return state_->stats();
}
std::string Grouper::save() const {
    return state_->save();
}
base::Result<void> Grouper::restore(std::string_view state) {
    return state_->restore(state);
}

}  // namespace alert
