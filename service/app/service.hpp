#pragma once

#include "app/config.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace app {

/// The running server: builds the parts in the order of the architecture, and takes them down in
/// the other.
class Service {
public:
    /// Starts everything; the port answers when this returns. Fails with what a person can do about
    /// it.
    static base::Result<std::unique_ptr<Service>> start(Config config);
    ~Service();

    [[nodiscard]] std::uint16_t port() const;

    /// Reads policies, lists and tables again; on any problem the old ones stay. False then.
    bool reload();

    /// Refuses new work, answers what was accepted, commits what was evaluated, and leaves
    /// everything whole.
    void stop();

private:
    struct Parts;
    explicit Service(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace app
