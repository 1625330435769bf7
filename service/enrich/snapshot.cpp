#include "enrich/enricher.hpp"

namespace enrich {

std::string Snapshot::version() const {
    std::string out;
    if (registry) out += "registry=" + registry->version() + "\n";
    for (const auto& table : tables) out += table->name() + "=" + table->version() + "\n";
    return out;
}

}  // namespace enrich
