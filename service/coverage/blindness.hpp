#pragma once

#include "coverage/certificate.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace coverage {

/// What somebody who watches needs: sources, and how far back he looks from a moment.
struct Needs {
    std::vector<std::string> sources;
    std::chrono::microseconds reach{0};
};

/// The gaps that blind him between the certificate's times, each up to where he does not look back
/// into it any more, in the certificate's order. Acknowledged or not: he did not see it. Where
/// nothing was expected nobody knows, and what is not kept any more was seen when it came. A
/// certificate that begins `reach` earlier knows of the gaps before.
[[nodiscard]] std::vector<Gap> blinding(const Certificate& certificate, const Needs& needs);

}  // namespace coverage
