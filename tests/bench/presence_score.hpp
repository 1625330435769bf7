#pragma once

// How good presence answers are, beside the truth.

#include "generate/truth.hpp"
#include "presence/answer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace score {

/// Right and wrong of one kind.
struct Tally {
    std::uint64_t right = 0;
    std::uint64_t all = 0;

    void add(bool is_right) {
        right += is_right ? 1 : 0;
        ++all;
    }
    [[nodiscard]] double share() const {
        return all == 0 ? 1 : static_cast<double>(right) / static_cast<double>(all);
    }
};

/// Probabilities beside what happened.
class Calibration {
public:
    void add(double p, bool happened) {
        const auto bin = std::min<std::size_t>(static_cast<std::size_t>(p * bins), bins - 1);
        const double truth = happened ? 1 : 0;
        bins_[bin].sum_p += p;
        bins_[bin].happened += truth;
        bins_[bin].count += 1;
        squares_ += (p - truth) * (p - truth);
        count_ += 1;
    }
    [[nodiscard]] double brier() const { return count_ == 0 ? 0 : squares_ / count_; }
    /// Mean distance between what was said and what happened, by tenths of probability.
    [[nodiscard]] double error() const {
        double out = 0;
        for (const Bin& bin : bins_) out += std::abs(bin.sum_p - bin.happened);
        return count_ == 0 ? 0 : out / count_;
    }
    void print(const char* title) const {
        std::printf("\n%-24s %8s %8s %8s\n", title, "count", "said", "true");
        for (const Bin& bin : bins_) {
            if (bin.count == 0) continue;
            std::printf("%-24s %8.0f %8.3f %8.3f\n", "", bin.count, bin.sum_p / bin.count,
                        bin.happened / bin.count);
        }
    }

private:
    static constexpr std::size_t bins = 10;
    struct Bin {
        double sum_p = 0;
        double happened = 0;
        double count = 0;
    };
    std::array<Bin, bins> bins_{};
    double squares_ = 0;
    double count_ = 0;
};

inline bool says_yes(const presence::Answer& answer) {
    return answer.use == presence::UseVerdict::used ||
           answer.use == presence::UseVerdict::likely_used;
}

inline bool among(std::string_view word, const std::vector<std::string_view>& right) {
    return std::ranges::find(right, word) != right.end();
}

/// Everything that is counted, over all worlds.
class Score {
public:
    explicit Score(bool tell_misses) : tell_misses_(tell_misses) {}

    void add(const std::string& world, const generate::Asked& asked, bool hidden,
             const presence::Answer& answer, const std::vector<presence::Candidate>& weighed) {
        const bool right = among(name(answer.use), asked.use);
        routes_[std::string(generate::name(asked.route))].add(right);
        use_.add(right);
        if (!right) miss(world, asked, "use", name(answer.use), asked.use);
        if (right) {
            const bool also = among(name(answer.licence.known_now), asked.licence);
            licence_.add(also);
            licences_[std::string(generate::name(asked.route))].add(also);
            if (!also) miss(world, asked, "licence", name(answer.licence.known_now), asked.licence);
        }
        accusation(world, asked, answer);
        const bool denies = answer.use == presence::UseVerdict::not_observed;
        const bool visible = asked.kept > 0 && asked.route != generate::Route::proxy;
        if (denies && (visible || hidden)) {
            ++false_negatives_;
            miss(world, asked, "FALSE NEGATIVE", name(answer.use), asked.use);
        }
        // Of a no over a hole that nobody has acknowledged.
        if (hidden && (denies || answer.use == presence::UseVerdict::cannot_say)) {
            hidden_.add(!denies);
        }
        for (const presence::Candidate& candidate : weighed) {
            // Whoever is only refused is not named, whatever the posterior of who it is.
            if (candidate.ok == 0) continue;
            const bool its =
                std::ranges::find(asked.tenants, candidate.tenant) != asked.tenants.end();
            candidates_.add(candidate.posterior, its);
            if (candidate.posterior >= 0.01) strong_.add(candidate.posterior, its);
        }
    }

    void power(const char* kind, bool seen) {
        power_.add(seen);
        powers_[kind].add(seen);
    }

    void print() const {
        std::printf("%-16s %9s %9s %9s\n", "route", "questions", "use", "licence");
        for (const auto& [route, tally] : routes_) {
            const auto licence = licences_.find(route);
            std::printf("%-16s %9llu %8.1f%% %8.1f%%\n", route.c_str(),
                        static_cast<unsigned long long>(tally.all), 100 * tally.share(),
                        100 * (licence == licences_.end() ? 1 : licence->second.share()));
        }
        candidates_.print("all candidates");
        strong_.print("candidates from 0.01 on");
        std::printf("candidates from 0.01 on: Brier %.4f, expected calibration error %.4f\n",
                    strong_.brier(), strong_.error());
        std::printf("licence right where use is: %.1f %% of %llu\n", 100 * licence_.share(),
                    static_cast<unsigned long long>(licence_.all));
        std::printf("negatives over a hidden hole that cannot say: %.1f %% of %llu\n",
                    100 * hidden_.share(), static_cast<unsigned long long>(hidden_.all));
        for (const auto& [kind, tally] : powers_) {
            std::printf("power, %s: seen in %.2f %% of %llu losses\n", kind.c_str(),
                        100 * tally.share(), static_cast<unsigned long long>(tally.all));
        }
        std::printf(R"({"accuracy":%.4f,"licence_accuracy":%.4f,"brier":%.4f,"ece":%.4f,)"
                    R"("false_accusations":%llu,"false_confident_negatives":%llu,)"
                    R"("power_holds":%.4f,"cannot_say_over_hidden_holes":%.4f,"questions":%llu})"
                    "\n",
                    use_.share(), licence_.share(), candidates_.brier(), candidates_.error(),
                    static_cast<unsigned long long>(accusations_),
                    static_cast<unsigned long long>(false_negatives_), power_.share(),
                    hidden_.share(), static_cast<unsigned long long>(use_.all));
    }

private:
    /// A yes about a party that does not use it where this could be seen, or a named tenant that is
    /// not its.
    void accusation(const std::string& world, const generate::Asked& asked,
                    const presence::Answer& answer) {
        const bool wrong_yes =
            says_yes(answer) && (!asked.uses || asked.route == generate::Route::proxy);
        const bool wrong_name =
            std::ranges::any_of(answer.candidates, [&](const presence::Candidate& candidate) {
                return std::ranges::find(asked.tenants, candidate.tenant) == asked.tenants.end();
            });
        if (!wrong_yes && !wrong_name) return;
        ++accusations_;
        miss(world, asked, "FALSE ACCUSATION", name(answer.use), asked.use);
    }

    void miss(const std::string& world, const generate::Asked& asked, std::string_view what,
              std::string_view said, const std::vector<std::string_view>& right) const {
        if (!tell_misses_) return;
        std::string wanted;
        for (const std::string_view each : what == "licence" ? asked.licence : right) {
            wanted.append(wanted.empty() ? "" : " or ").append(each);
        }
        std::printf("%s %s, %s, %s: %s is %s, not %s\n", world.c_str(), asked.uid.c_str(),
                    std::string(generate::name(asked.route)).c_str(),
                    std::string(asked.variant).c_str(), std::string(what).c_str(),
                    std::string(said).c_str(), wanted.c_str());
    }

    bool tell_misses_;
    Tally use_;
    Tally licence_;
    Tally hidden_;
    Tally power_;
    std::map<std::string, Tally> routes_;
    std::map<std::string, Tally> licences_;
    std::map<std::string, Tally> powers_;
    Calibration candidates_;
    Calibration strong_;
    std::uint64_t accusations_ = 0;
    std::uint64_t false_negatives_ = 0;
};

}  // namespace score
