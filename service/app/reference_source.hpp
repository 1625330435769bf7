#pragma once

#include "app/config.hpp"
#include "app/secrets.hpp"
#include "base/result.hpp"
#include "pipeline/reference.hpp"
#include "registry/registry.hpp"

#include <functional>
#include <memory>
#include <mutex>

namespace app {

/// Builds the reference that evaluation runs under, from the configured files and the registry, and
/// builds it again when either changes. Thread-safe, and what it hands on is in order: whoever
/// changes files and registry at once, nobody is left with an older of either.
class ReferenceSource {
public:
    /// `formats` stay for the life of the process: the front door uses them too.
    ReferenceSource(const Config& config, const Secrets& secrets,
                    std::shared_ptr<const decode::Formats> formats);

    /// Reads policies, lists and tables again. On any problem nothing changes, and it says all of
    /// them. What was read is handed on with the next hand_on or use.
    base::Result<void> load_files();
    /// Takes a new registry and hands on. load_files must have worked before.
    void use(std::shared_ptr<const registry::Registry> registry);

    using Taker = std::function<void(std::shared_ptr<const pipeline::Reference>)>;
    /// Whom to hand references to. Others wait meanwhile, so that each overtakes none; it calls
    /// nothing of this.
    void hand_to(Taker taker);
    /// Hands the current reference to the taker, if there is one.
    void hand_on() const;

    /// Of what was read and told last.
    [[nodiscard]] std::shared_ptr<const pipeline::Reference> current() const;
    [[nodiscard]] std::shared_ptr<const policy::Set> policies() const;

private:
    std::shared_ptr<const pipeline::Reference> build() const;  // with the mutex held

    Config config_;
    std::string origin_key_;
    std::shared_ptr<const decode::Formats> formats_;
    mutable std::mutex mutex_;
    std::shared_ptr<const policy::Set> policies_;
    std::vector<std::shared_ptr<const enrich::Table>> tables_;
    std::shared_ptr<const registry::Registry> registry_;
    Taker taker_;
};

}  // namespace app
