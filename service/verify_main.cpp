#include "presence/bundle.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

/// callerprint-verify BUNDLE KEY: checks an exported answer without a database or a network.
namespace {

constexpr const char* usage =
    "Usage: callerprint-verify BUNDLE KEY\n"
    "\n"
    "Checks a bundle of `callerprint answer export`: its signature and that of the answer, the\n"
    "answer's id, the chain of batches, and that each cited record is in its batch. Needs no\n"
    "database and no network.\n"
    "\n"
    "  BUNDLE  file; - for standard input\n"
    "  KEY     ed25519:..., as the provider published it (`callerprint answer key`)\n"
    "\n"
    "Exit codes: 0 everything holds, 1 something does not (one line each), 2 wrong usage.\n";
constexpr std::size_t longest = 256u << 20;

std::string read(std::istream& in) {
    std::string out;
    for (std::istreambuf_iterator<char> at(in), end; at != end && out.size() <= longest; ++at) {
        out += *at;
    }
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs(usage, argc == 2 && std::string_view(argv[1]) == "--help" ? stdout : stderr);
        return argc == 2 && std::string_view(argv[1]) == "--help" ? 0 : 2;
    }
    std::string text;
    if (std::string_view(argv[1]) == "-") {
        text = read(std::cin);
    } else {
        std::ifstream file(argv[1], std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "callerprint-verify: cannot read %s\n", argv[1]);
            return 2;
        }
        text = read(file);
    }
    const auto found = presence::verify_bundle(text, argv[2]);
    for (const auto& problem : found.problems) std::printf("wrong: %s\n", problem.c_str());
    if (!found.problems.empty()) return 1;
    std::printf("holds: answer %s, use %s, licence %s, %zu cited records proven\n",
                found.id.c_str(), found.use.c_str(), found.licence.c_str(), found.records);
    return 0;
}
