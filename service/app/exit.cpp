#include "app/exit.hpp"

#include "base/log.hpp"

#include <cstdio>

namespace app {
namespace {

Exit code_of(base::Fault fault) {
    switch (fault) {
        case base::Fault::invalid:
            return Exit::usage;
        case base::Fault::unauthorised:
            return Exit::unauthorised;
        case base::Fault::not_found:
            return Exit::not_found;
        case base::Fault::conflict:
            return Exit::negative;
        case base::Fault::exhausted:
        case base::Fault::unavailable:
            return Exit::unreachable;
    }
    return Exit::negative;
}

}  // namespace

Exit complain(const base::Error& error) {
    // A reason may span lines (a list of problems); each is escaped on its own.
    std::string_view rest = error.reason;
    bool first = true;
    while (true) {
        const auto end = rest.find('\n');
        const auto line = base::log::safe(rest.substr(0, end));
        std::fprintf(stderr, "%s%s\n", first ? "callerprint: " : "", line.c_str());
        first = false;
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return code_of(error.fault);
}

}  // namespace app
