#pragma once

#include "../../fake/json_call.hpp"
#include "correlate/engine.hpp"
#include "policy/set.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Policies from text, calls from JSON, and an engine that is told which rules matched.
namespace world {

inline constexpr std::int64_t second = 1'000'000;

inline std::shared_ptr<const policy::Set> load(std::string text) {
    const policy::File file{"test.yaml", "---\n" + std::move(text)};
    auto set = policy::Set::load({&file, 1}, {});
    if (!set) {
        for (const auto& problem : set.error()) ADD_FAILURE() << policy::to_text(problem);
        return nullptr;
    }
    return *set;
}

/// A rule named `name`; `more` is put at its top level.
inline std::string rule(const std::string& name, const std::string& more = "") {
    return "title: " + name + "\nname: " + name + "\n" + more +
           "logsource: { category: api_call }\ndetection:\n    selection: { kind: " + name +
           " }\n    condition: selection\n---\n";
}

inline std::string correlation(const std::string& name, const std::string& body,
                               const std::string& more = "") {
    return "title: " + name + "\nname: " + name + "\n" + more + "correlation:\n" + body + "---\n";
}

/// A call that has happened, and the rules that matched it.
struct Event {
    std::int64_t time = 0;  ///< Microseconds.
    std::uint64_t id = 0;
    boost::json::object fields;
    std::vector<policy::PolicyIndex> rules;  ///< Ascending.
};

inline policy::PolicyIndex index_of(const policy::Set& set, std::string_view name) {
    return static_cast<policy::PolicyIndex>(set.find(name) - set.policies().data());
}

/// An engine with its names. Event times are microseconds since 1970.
class Bench {
public:
    explicit Bench(std::shared_ptr<const policy::Set> set, correlate::Engine::Options options = {})
        : set_(std::move(set)),
          options_(options),
          names_(wanted(*set_)),
          batch_(names_),
          engine_(set_, names_, options) {}

    void observe(const Event& event, std::uint64_t block = 1) {
        newest_ = std::max(newest_, event.time);
        batch_.clear();
        fake::append(batch_, event.fields, base::event_time(event.time), event.id);
        engine_.observe(batch_[0], event.rules, block, fired);
    }
    /// One match of the rule at the time in seconds.
    void hit(double seconds, std::string_view rule, boost::json::object fields = {}) {
        observe({static_cast<std::int64_t>(seconds * second),
                 next_id_++,
                 std::move(fields),
                 {index_of(*set_, rule)}});
    }
    void hits(double seconds, const std::vector<std::string>& rules,
              boost::json::object fields = {}) {
        Event event{static_cast<std::int64_t>(seconds * second), next_id_++, std::move(fields), {}};
        for (const auto& rule : rules) event.rules.push_back(index_of(*set_, rule));
        std::sort(event.rules.begin(), event.rules.end());
        observe(event);
    }
    void advance(double seconds) {
        engine_.advance(base::event_time(static_cast<std::int64_t>(seconds * second)), fired);
    }
    /// The end of a file whose newest call is the newest observed, or came at so many seconds.
    std::vector<correlate::Firing>& finish(double seconds = 0) {
        newest_ = std::max(newest_, static_cast<std::int64_t>(seconds * second));
        engine_.finish(base::event_time(newest_), fired);
        return fired;
    }
    /// Seconds of the firings of a policy, after finish.
    std::vector<double> times(std::string_view policy) {
        finish();
        std::vector<double> out;
        for (const auto& firing : fired) {
            if (firing.policy == index_of(*set_, policy) && !firing.repeat) {
                out.push_back(static_cast<double>(base::micros(firing.at)) / second);
            }
        }
        return out;
    }
    /// Saves, and goes on in an engine made anew, of another set if one is given.
    void restart(std::shared_ptr<const policy::Set> set = nullptr) {
        const std::string state = saved();
        if (set != nullptr) set_ = std::move(set);
        names_ = wanted(*set_);
        batch_ = call::Batch(names_);
        engine_ = correlate::Engine(set_, names_, options_);
        const auto restored = restore(state);
        ASSERT_TRUE(restored) << restored.error().reason;
    }
    /// Goes on under another set, as a reload does.
    void reload(std::shared_ptr<const policy::Set> set) {
        set_ = std::move(set);
        names_ = wanted(*set_);
        batch_ = call::Batch(names_);
        engine_.use(correlate::Engine(set_, names_, options_));
    }
    std::string saved() const {
        correlate::Writer out;
        engine_.save(out);
        return std::string(out.text());
    }
    base::Result<void> restore(std::string_view state) {
        correlate::Reader in(state);
        auto done = engine_.restore(in);
        if (done) EXPECT_TRUE(in.done()) << "there is more than was saved";
        return done;
    }

    correlate::Engine& engine() { return engine_; }
    const policy::Set& set() const { return *set_; }
    std::vector<correlate::Firing> fired;

private:
    static std::shared_ptr<const call::Names> wanted(const policy::Set& set) {
        auto names = std::make_shared<call::Names>();
        set.want(*names);
        return names;
    }
    std::shared_ptr<const policy::Set> set_;
    correlate::Engine::Options options_;
    std::shared_ptr<const call::Names> names_;
    call::Batch batch_;
    correlate::Engine engine_;
    std::uint64_t next_id_ = 1;
    std::int64_t newest_ = 0;
};

}  // namespace world
