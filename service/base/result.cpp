#include "base/result.hpp"

namespace base {

std::string_view name(Fault fault) noexcept {
    switch (fault) {
        case Fault::invalid:
            return "invalid";
        case Fault::unauthorised:
            return "unauthorised";
        case Fault::not_found:
            return "not_found";
        case Fault::conflict:
            return "conflict";
        case Fault::exhausted:
            return "exhausted";
        case Fault::unavailable:
            return "unavailable";
    }
    return "unknown";
}

}  // namespace base
