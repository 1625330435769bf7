#pragma once

#include "presence/gather.hpp"
#include "registry/key_hasher.hpp"
#include "store/presence_traffic.hpp"
#include "store/session.hpp"

namespace store {

/// The database as the source of a presence answer. All questions of one answer see one moment as
/// long as nothing is committed between them; what was committed is in the answer (position).
class PresenceSource final : public presence::Source {
public:
    /// Session and hasher are borrowed.
    PresenceSource(Session& session, const registry::KeyHasher& hasher,
                   const presence::Question& question)
        : session_(session),
          hasher_(hasher),
          from_(question.from),
          to_(question.to),
          as_of_(question.as_of) {}

    base::Result<std::shared_ptr<const registry::Registry>> registry() override;
    base::Result<presence::KeyMatches> keys(const presence::Clue& clue) override;
    base::Result<presence::Traffic> traffic(const presence::Search& search) override;
    base::Result<std::vector<presence::Use>> uses(
        const std::vector<std::string>& keys, const std::vector<base::EventTime>& moments) override;
    base::Result<std::vector<presence::CitedRecord>> records(
        const std::vector<presence::Persona>& personas) override;
    base::Result<std::uint64_t> active_tenants() override;
    base::Result<coverage::Certificate> coverage() override;
    base::Result<std::string> position() override;

private:
    [[nodiscard]] std::optional<base::WallTime> as_of() const;
    base::Result<presence::Traffic> find(const TrafficClue& clue,
                                         const std::vector<std::string>& within);
    base::Result<presence::Traffic> of_holder(const std::vector<std::string>& names,
                                              const std::vector<std::string>& within);

    Session& session_;
    const registry::KeyHasher& hasher_;
    base::EventTime from_;
    base::EventTime to_;
    std::optional<base::EventTime> as_of_;
};

/// How far event time has come in what is committed; Fault::not_found when nothing is.
base::Result<base::EventTime> newest_event(Session& session);

}  // namespace store
