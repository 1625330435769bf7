// What the costliest policies cost.
//   policy_cost_bench [policies] [seconds]   each policy another regular expression of the size
//   that
//                                            is allowed, records with one field of 64 KB
//   policy_cost_bench --files DIR            time, memory and verdict of each file as a policy file
#include "../fake/json_call.hpp"
#include "policy/matcher.hpp"
#include "policy/set.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t field_bytes = 65'536;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Regular expressions that no literal stands in front of, and a text that they read to its end.
struct Kind {
    const char* name;
    const char* head;  ///< Of the expression; a number that tells it from the others follows.
    const char* letters;
};
const Kind kinds[] = {
    {"one state a byte, none twice looked for", "((a+)+!", "ab"},
    {"1,000 instructions, few states", "((.*a.*b){50}c", "ab"},
    {"a state for each run of 10 letters", "([ab]*a[ab]{10}c", "ab"},
    {"more states than its memory holds", "([ab]*a[ab]{100}c", "ab"},
    {"2,400 instructions, all of them alive", "((a?){500}a{400}c", "ab"},
};

std::shared_ptr<const policy::Set> load(const Kind& kind, std::size_t count) {
    std::vector<policy::File> files;
    for (std::size_t i = 0; i < count; ++i)
        files.push_back({std::to_string(i),
                         "title: t\nlogsource: { category: api_call }\ndetection:\n  s: { f|re: '" +
                             std::string(kind.head) + std::to_string(i) +
                             ")' }\n  condition: s\n"});
    auto set = policy::Set::load(files, {});
    if (set) return *set;
    std::fprintf(stderr, "%s\n", policy::to_text(set.error().front()).c_str());
    std::exit(2);
}

std::string text_of(const char* letters, unsigned seed) {
    std::mt19937 random(seed);
    std::string out(field_bytes, ' ');
    for (char& c : out) c = letters[random() % std::strlen(letters)];
    return out;
}

double quantile(const std::vector<double>& sorted, double q) {
    return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

/// The floor reads each byte of the field once.
void measure(const Kind& kind, std::size_t policies, double seconds) {
    const auto set = load(kind, policies);
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    policy::Matcher matcher(set, names, true);
    const auto route = matcher.route({});
    std::vector<policy::PolicyIndex> found;
    std::vector<double> floor, ours;
    const void* absent = nullptr;
    for (double spent = 0; ours.size() < 2 || (spent < seconds && ours.size() < 10'000);) {
        call::Batch batch(names);
        const auto text = text_of(kind.letters, static_cast<unsigned>(ours.size()));
        fake::append(batch, {{"f", text}});
        auto began = cpu_seconds();
        absent = std::memchr(text.data(), '~', text.size());
        floor.push_back(cpu_seconds() - began);
        began = cpu_seconds();
        matcher.match(batch[0], route, found);
        ours.push_back(cpu_seconds() - began);
        spent += ours.back();
    }
    std::ranges::sort(floor);
    std::ranges::sort(ours);
    std::printf("%-42s %5zu events  p50 %10.3f ms  p99 %10.3f ms  floor %.4f ms%s\n", kind.name,
                ours.size(), quantile(ours, 0.5) * 1e3, quantile(ours, 0.99) * 1e3,
                quantile(floor, 0.5) * 1e3, absent || !found.empty() ? " (matched)" : "");
    std::fflush(stdout);
}

std::size_t status_kb(const char* name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name))
            return std::strtoul(line.c_str() + std::strlen(name), nullptr, 10);
    return 0;
}

/// Lets the peak be counted from now on.
void forget_peak() {
    std::ofstream("/proc/self/clear_refs") << 5;
}

/// In a process of its own, whose end says whether it loads: 0 or 1.
int load_alone(const policy::File& file) {
    forget_peak();
    const auto before = status_kb("VmHWM:");
    const double began = cpu_seconds();
    const auto set = policy::Set::load({&file, 1}, {});
    const double took = cpu_seconds() - began;
    std::printf("%8.2f ms %8.2f MB  %-7s  %s", took * 1e3,
                static_cast<double>(status_kb("VmHWM:") - before) / 1024, set ? "taken" : "refused",
                std::filesystem::path(file.name).filename().c_str());
    if (!set) std::printf("  %s", policy::to_text(set.error().front()).c_str());
    std::printf("\n");
    std::fflush(stdout);
    return set ? 0 : 1;
}

int load_each(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) paths.push_back(entry.path());
    std::ranges::sort(paths);
    std::size_t taken = 0, crashed = 0;
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        const policy::File file{path.string(), {std::istreambuf_iterator<char>(in), {}}};
        const pid_t child = fork();
        if (child == 0) _exit(load_alone(file));
        int status = 0;
        waitpid(child, &status, 0);
        if (!WIFEXITED(status)) ++crashed;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) ++taken;
    }
    std::printf("%zu files: %zu taken, %zu crashed\n", paths.size(), taken, crashed);
    return crashed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::string_view(argv[1]) == "--files") return load_each(argv[2]);
    const std::size_t policies = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 500;
    const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 5;
    std::printf("%zu policies, a field of %zu bytes\n", policies, field_bytes);
    for (const Kind& kind : kinds) measure(kind, policies, seconds);
    return 0;
}
