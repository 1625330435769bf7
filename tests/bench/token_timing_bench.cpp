// Whether the time of a refusal tells something about a token: dudect's test (Reparaz, Balasch,
// Verbauwhede, "Dude, is my code constant time?", 2017). Calls of two classes alternate at random;
// Welch's t of their times above 4.5 says that they differ. Times above a percentile are cut off,
// since they tell of the machine.
//
//   build/release/tests/bench/token_timing_bench [SAMPLES A CLASS, by default 1000000]
#include "ingest/tokens.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

const std::string pepper(32, 'p');
constexpr std::size_t first = 14, last = 65;  // of the secret in cp_<10>_<52>
constexpr std::size_t known = 64;             // valid tokens; so few that the caches hold all

struct Moments {
    double n = 0, mean = 0, squares = 0;
    void add(double value) {
        ++n;
        const double delta = value - mean;
        mean += delta / n;
        squares += delta * (value - mean);
    }
};

double t_of(const Moments& a, const Moments& b) {
    const double error = a.squares / (a.n - 1) / a.n + b.squares / (b.n - 1) / b.n;
    return error > 0 ? (a.mean - b.mean) / std::sqrt(error) : 0;
}

/// With check digits that fit, as an attacker would send it.
std::string sealed(std::string text) {
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
    char digits[10];
    std::snprintf(digits, sizeof digits, "_%08lx", crc);
    return "Bearer " + text + digits;
}

class Bench {
public:
    Bench() {
        std::vector<ingest::Tokens::Row> rows;
        for (std::size_t i = 0; i < known; ++i) {
            auto token = ingest::new_token(pepper);
            rows.push_back({{token.id, "n", ingest::scope_ingest, {}}, token.digest});
            texts.push_back(bare(token));
            strangers.push_back(bare(ingest::new_token(pepper)));
            others.push_back(bare(ingest::new_token(pepper)));
        }
        tokens_.emplace_back(pepper, std::move(rows));
    }

    [[nodiscard]] const std::string& any() { return texts[random_() % texts.size()]; }
    /// One of the ids, and a secret that is nobody's.
    std::string with_any_secret(const std::vector<std::string>& ids) {
        auto text = ids[random_() % ids.size()].substr(0, first);
        while (text.size() <= last) text += "abcdefghijklmnopqrstuvwxyz234567"[random_() % 32];
        return text;
    }

    /// Largest |t| over some cuts.
    double run(const std::function<std::string()>& one, const std::function<std::string()>& two,
               std::size_t samples) {
        std::vector<std::pair<bool, double>> times;
        times.reserve(samples * 2);
        bool refused = true;
        std::string text(128, ' ');
        for (std::size_t i = 0; i < samples * 2; ++i) {
            const bool which = (random_() & 1) != 0;
            // A new one each time, of both classes: what comes again is learnt by the processor.
            // And one buffer: where a text lies would tell the classes apart.
            const auto made = std::array{one(), two()};
            text.assign(made[which ? 1 : 0]);
            const auto start = std::chrono::steady_clock::now();
            const auto client = tokens_[0].verify(text);
            const auto end = std::chrono::steady_clock::now();
            refused = refused && !client;
            times.emplace_back(which,
                               std::chrono::duration<double, std::nano>(end - start).count());
        }
        if (!refused) std::abort();  // the test would compare something else
        return worst(times);
    }

    std::vector<std::string> texts, strangers, others;

private:
    static std::string bare(const ingest::NewToken& token) {
        return token.text.substr(0, token.text.size() - 9);
    }
    static double worst(const std::vector<std::pair<bool, double>>& times) {
        std::vector<double> sorted;
        for (const auto& [which, time] : times) sorted.push_back(time);
        std::ranges::sort(sorted);
        double most = 0;
        for (const double part : {0.5, 0.9, 0.95, 0.99}) {
            const double cut = sorted[static_cast<std::size_t>(part * double(sorted.size() - 1))];
            Moments moments[2];
            for (const auto& [which, time] : times)
                if (time <= cut) moments[which ? 1 : 0].add(time);
            most = std::max(most, std::abs(t_of(moments[0], moments[1])));
        }
        return most;
    }

    std::mt19937_64 random_{1};
    std::vector<ingest::Tokens> tokens_;
};

char other(char c) {
    return c == 'a' ? 'b' : 'a';
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t samples = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    Bench bench;
    const auto changed = [&](std::size_t at) {
        return [&bench, at] {
            auto text = bench.any();
            text[at] = other(text[at]);
            return sealed(std::move(text));
        };
    };
    const auto of = [&](const std::vector<std::string>& ids) {
        return [&bench, &ids] { return sealed(bench.with_any_secret(ids)); };
    };
    std::printf("{\"samples\": %zu, ", samples);
    std::printf("\"same_class\": %.2f, ", bench.run(changed(first), changed(first), samples));
    std::printf("\"first_or_last_byte\": %.2f, ",
                bench.run(changed(first), changed(last), samples));
    // What two sets of ids differ by that are both unknown: nothing but the ids.
    std::printf("\"unknown_or_unknown_id\": %.2f, ",
                bench.run(of(bench.strangers), of(bench.others), samples));
    std::printf("\"known_or_unknown_id\": %.2f}\n",
                bench.run(of(bench.texts), of(bench.strangers), samples));
}
