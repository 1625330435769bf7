#pragma once

#include "store/connection.hpp"
#include "store/effects.hpp"

#include <cstddef>
#include <vector>

namespace store {

/// Endpoints that are enabled, without their secrets.
std::vector<Endpoint> enabled_endpoints(pqxx::transaction_base& tx);

/// Whether the endpoint wants to hear of it.
bool wants(const Endpoint& endpoint, const Transition& transition);

/// Writes one delivery for each endpoint that wants the transition; one that is there already stays
/// as it is. How many are new.
std::size_t enqueue(pqxx::transaction_base& tx, const Renderer& render,
                    const std::vector<Endpoint>& endpoints, const Transition& transition);

}  // namespace store
