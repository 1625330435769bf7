#pragma once

#include "presence/gather.hpp"
#include "registry/key_hasher.hpp"
#include "store/presence_traffic.hpp"
#include "store/registry_cache.hpp"
#include "store/session.hpp"

namespace store {

/// The moment as of which a question is answered: its as_of, or the present when it has none. Waits
/// for what is being stored, so that everything stamped up to then is there and nothing of it comes
/// later: asked as of the moment again, it is answered with the same. Fault::invalid when what was
/// known at its as_of cannot be told exactly any more, or could not then.
base::Result<base::WallTime> known_at(Session& session, const presence::Question& question);

/// The database as the source of a presence answer: all of it as it was at one moment, which
/// known_at() gave, whatever is stored while it is asked.
class PresenceSource final : public presence::Source {
public:
    /// Session, cache and hasher are borrowed.
    PresenceSource(Session& session, RegistryCache& registries, const registry::KeyHasher& hasher,
                   const presence::Question& question, base::WallTime known_at)
        : session_(session),
          registries_(registries),
          hasher_(hasher),
          from_(question.from),
          to_(question.to),
          known_at_(known_at) {}

    base::Result<std::shared_ptr<const registry::Registry>> registry() override;
    base::Result<presence::KeyMatches> keys(const presence::Clue& clue) override;
    base::Result<presence::Traffic> traffic(const presence::Search& search) override;
    base::Result<std::vector<std::string>> keys_of_both(const presence::Search& one,
                                                        const presence::Search& other) override;
    base::Result<std::vector<presence::Use>> uses(
        const std::vector<std::string>& keys, const std::vector<base::EventTime>& moments) override;
    base::Result<std::vector<presence::CitedRecord>> records(
        const std::vector<presence::Persona>& personas) override;
    base::Result<std::uint64_t> active_tenants() override;
    base::Result<coverage::Certificate> coverage() override;
    base::Result<std::optional<base::EventTime>> records_gone() override;
    base::Result<std::string> position() override;

private:
    base::Result<TrafficClue> clue_of(const presence::Search& search);
    base::Result<TrafficClue> of_holder(const std::vector<std::string>& names);
    base::Result<presence::Traffic> find(const TrafficClue& clue,
                                         const std::vector<std::string>& within);

    Session& session_;
    RegistryCache& registries_;
    const registry::KeyHasher& hasher_;
    base::EventTime from_;
    base::EventTime to_;
    base::WallTime known_at_;
};

/// How far event time has come in what is committed, or was at a moment; Fault::not_found when
/// nothing is.
base::Result<base::EventTime> newest_event(Session& session,
                                           std::optional<base::EventTime> as_of = std::nullopt);

}  // namespace store
