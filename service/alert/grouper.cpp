#include "alert/grouper.hpp"

#include "alert/evidence.hpp"
#include "alert/memory.hpp"
#include "alert/summary.hpp"
#include "base/assert.hpp"
#include "base/digest.hpp"
#include "call/field.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace alert {
namespace {

constexpr std::string_view magic = "CPAG";
constexpr std::uint64_t version = 2;
constexpr std::size_t fewest_remembered = 16;

const std::optional<std::string>* find(const correlate::Firing& firing, std::string_view field) {
    for (const auto& part : firing.group) {
        if (call::canonical(part.name) == call::canonical(field)) return &part.value;
    }
    return nullptr;
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
        out.remembered = memory_.size();
        return out;
    }
    void forget(const std::function<bool(std::string_view)>& names) { memory_.forget(names); }
    void save(correlate::Writer& out) const;
    base::Result<void> restore(correlate::Reader& in);

private:
    void open(const correlate::Firing& firing, const Subject& subject, const std::string& tenant,
              std::string_view whom, std::vector<Change>& out);
    [[nodiscard]] Alert describe(const correlate::Firing& firing, const Subject& subject,
                                 const std::string& tenant, const Open& open) const;

    std::shared_ptr<const policy::Set> set_;
    Options options_;
    Stats stats_;
    Memory memory_;
};

void Grouper::State::apply(const correlate::Firing& firing, std::vector<Change>& out) {
    const policy::Policy& policy = set_->policies()[firing.policy];
    const std::int64_t at = base::micros(firing.at);
    const Subject subject = subject_of(*set_, firing);
    const std::string tenant = tenant_of(firing, subject);
    base::LengthPrefixed whom;  // the tenant is part of it: nothing is grouped across tenants
    whom.add(policy.key()).add(policy.callerprint.series).add(tenant);
    whom.add(subject.kind).add(subject.value);
    // An episode's repeats may come after its quiet time: they go to its alert while it is known.
    // Late firings do not move time on.
    if (!firing.repeat && !firing.behind) memory_.forget_before(at);
    if (Open* known = memory_.find(whom.text(), firing); known != nullptr) {
        known->last_seen = std::max(known->last_seen, at);
        known->count += firing.matches;
        // A source that was cut off gives thousands of late calls at once, without the repeats that
        // tell of calls in time once in a while. They are counted, and told as their number
        // doubles.
        if (firing.behind && !std::has_single_bit(++known->late)) return;
        ++stats_.updated;
        out.push_back({Change::Kind::updated, describe(firing, subject, tenant, *known), {}});
        return;
    }
    if (!firing.repeat) open(firing, subject, tenant, whom.text(), out);
}

void Grouper::State::open(const correlate::Firing& firing, const Subject& subject,
                          const std::string& tenant, std::string_view whom,
                          std::vector<Change>& out) {
    const policy::Policy& policy = set_->policies()[firing.policy];
    const std::int64_t at = base::micros(firing.at);
    const std::int64_t quiet = policy.callerprint.quiet.value_or(options_.quiet).count();
    const std::int64_t known_at = firing.behind ? base::micros(*firing.behind) : at;
    if (memory_.size() >= options_.remembered) {
        memory_.forget_first();
        ++stats_.forgotten;
    }
    const Open open{.opened = at,
                    .last_seen = at,
                    .quiet_until = at + quiet,
                    .forget_at = known_at + quiet,
                    .count = firing.matches,
                    .by_late = firing.behind.has_value()};
    memory_.add(whom, open);
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
    out.shadow = is_shadow(policy);
    out.tenant = tenant;
    out.subject = subject;
    return out;
}

void Grouper::State::save(correlate::Writer& out) const {
    correlate::write_head(out, magic, version);
    memory_.save(out);
}

base::Result<void> Grouper::State::restore(correlate::Reader& in) {
    if (auto begun = correlate::read_head(in, magic, version, "saved alert memory"); !begun)
        return begun;
    Memory memory;
    memory.load(in);
    if (!in.good()) {
        return base::fail(base::Fault::invalid, "saved alert memory cannot be read to its end");
    }
    memory_ = std::move(memory);
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
void Grouper::forget(const std::function<bool(std::string_view)>& names) {
    state_->forget(names);
}
void Grouper::save(correlate::Writer& out) const {
    state_->save(out);
}
base::Result<void> Grouper::restore(correlate::Reader& in) {
    return state_->restore(in);
}

}  // namespace alert
