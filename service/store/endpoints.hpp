#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/seal.hpp"
#include "store/session.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// The endpoints that webhooks go to. Their secrets are sealed in the table.
class Endpoints {
public:
    /// Both are borrowed.
    Endpoints(Session& session, const Sealer& sealer) : session_(session), sealer_(sealer) {}

    /// Adds one; an empty id becomes "ep_" and 16 characters. Returns it as stored. Fault::conflict
    /// when the id or name is taken, Fault::invalid for an unknown format, event or level.
    base::Result<Endpoint> add(Endpoint endpoint, std::string_view actor);
    base::Result<std::vector<Endpoint>> list();
    base::Result<Endpoint> find(std::string_view id);
    base::Result<void> enable(std::string_view id, std::string_view actor);
    /// `reason` is for people: "410 Gone", "by hand".
    base::Result<void> disable(std::string_view id, std::string_view reason,
                               std::string_view actor);
    /// The old secret keeps signing beside the new one until `overlap_until`.
    base::Result<void> rotate(std::string_view id, std::string_view new_secret,
                              base::WallTime overlap_until, std::string_view actor);
    /// Ends with it: its unfinished deliveries become dead letters.
    base::Result<void> remove(std::string_view id, std::string_view actor);

private:
    Session& session_;
    const Sealer& sealer_;
};

}  // namespace store
