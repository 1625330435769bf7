#include "policy/problem.hpp"

namespace policy {

std::string to_text(const Problem& problem) {
    std::string out = problem.file;
    if (problem.line != 0) {
        out += ':' + std::to_string(problem.line);
        out += ':' + std::to_string(problem.column);
    }
    out += problem.warning ? ": warning: " : ": ";
    return out + problem.what;
}

}  // namespace policy
