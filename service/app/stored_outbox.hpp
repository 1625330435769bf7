#pragma once

#include "base/result.hpp"
#include "deliver/outbox.hpp"
#include "store/effects.hpp"
#include "store/outbox.hpp"
#include "store/seal.hpp"
#include "store/session.hpp"

#include <map>
#include <memory>
#include <string>

namespace app {

/// The outbox of the store behind the interface that `deliver` knows. Used by one thread.
class StoredOutbox final : public deliver::Outbox {
public:
    /// The sealer is borrowed.
    StoredOutbox(store::Session::Options session, const store::Sealer& sealer);

    base::Result<std::vector<deliver::Delivery>> claim(const Wish& wish) override;
    base::Result<void> clock_set_back(base::WallTime now) override;
    base::Result<void> mark(const deliver::Delivery& delivery,
                            const deliver::Outcome& outcome) override;

private:
    base::Result<void> connect();
    base::Result<void> finish(store::Outbox& outbox, const store::Delivery& row,
                              const deliver::Outcome& outcome);

    store::Session::Options options_;
    const store::Sealer& sealer_;
    std::unique_ptr<store::Session> session_;
    std::map<std::string, store::Delivery> claimed_;  // by webhook-id, until marked
};

/// Renders webhook bodies as `deliver` describes them; `base_url` is where people reach this
/// server.
store::Renderer webhook_renderer(std::string base_url);

}  // namespace app
