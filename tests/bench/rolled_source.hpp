#pragma once

// Facts for presence questions out of rolled-up calls in memory: what the database would answer.

#include "coverage/certificate.hpp"
#include "presence/gather.hpp"
#include "registry/key_hasher.hpp"
#include "registry/registry.hpp"
#include "rollup/rows.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace rolled {

/// The entries of the key index by part, length and digest.
class KeyIndex {
public:
    KeyIndex(registry::KeyHasher hasher, const std::vector<registry::KeyMark>& marks)
        : hasher_(std::move(hasher)) {
        for (const auto& mark : marks) {
            keys_[{mark.part, mark.length, mark.digest}].push_back(mark.key);
            ++compared_[{mark.part, mark.length}];
            if (mark.part == registry::KeyMark::Part::scrubbed) names_[mark.key] = mark.digest;
        }
    }

    base::Result<presence::KeyMatches> find(const presence::Clue& clue,
                                            const registry::Registry& registry) const {
        const auto read = hasher_.clue(*registry::key_clue_kind_of(name(clue.kind)), clue.value);
        if (!read) return std::unexpected(read.error());
        presence::KeyMatches out;
        out.chance = read->length == 0 ? 0 : std::pow(read->alphabet, -read->length);
        const auto compared = compared_.find({read->part, read->length});
        out.compared = compared == compared_.end() ? 0 : compared->second;
        const auto found = keys_.find({read->part, read->length, read->digest});
        if (found == keys_.end()) return out;
        for (const std::string& key : found->second) {
            const auto* row = registry.key(key);
            out.keys.push_back({.key = key,
                                .tenant = row ? row->tenant : std::string(),
                                .characters = read->length,
                                .leaked = {}});
            const auto names = names_.find(key);
            out.credential_uids.push_back(names == names_.end()
                                              ? std::vector<std::string>()
                                              : registry::scrubbed_names(names->second));
        }
        return out;
    }

private:
    using Part = registry::KeyMark::Part;
    registry::KeyHasher hasher_;
    std::map<std::tuple<Part, std::uint8_t, std::string>, std::vector<std::string>> keys_;
    std::map<std::pair<Part, std::uint8_t>, std::uint64_t> compared_;
    std::map<std::string, std::string> names_;
};

class Source : public presence::Source {
public:
    Source(std::shared_ptr<const registry::Registry> registry, const rollup::Rows& rows,
           const KeyIndex& keys, coverage::Certificate certificate)
        : registry_(std::move(registry)),
          rows_(rows),
          keys_(keys),
          certificate_(std::move(certificate)) {
        std::map<std::tuple<std::string_view, std::string_view, std::string_view>, Held> held;
        for (std::size_t i = 0; i < rows.activity.size(); ++i) {
            const rollup::Activity row = rows.activity[i];
            held[{row.tenant, row.key, row.origin}].add(row);
        }
        for (auto& [about, each] : held) held_.push_back(std::move(each));
    }

    base::Result<std::shared_ptr<const registry::Registry>> registry() override {
        return registry_;
    }
    base::Result<presence::KeyMatches> keys(const presence::Clue& clue) override {
        return keys_.find(clue, *registry_);
    }
    base::Result<presence::Traffic> traffic(const presence::Search& search) override {
        presence::Traffic out;
        std::set<std::string> tenants;
        for (const Held& held : held_) {
            const auto fits = held.fits(search);
            if (!fits) continue;
            out.rows.push_back({.persona = held.persona, .exact = *fits});
            out.rows.back().persona.sessions = static_cast<std::uint32_t>(held.hours.size());
            tenants.insert(held.persona.tenant);
        }
        out.tenants = tenants.size();
        return out;
    }
    base::Result<std::vector<std::string>> keys_of_both(
        const presence::Search& /*one*/, const presence::Search& /*other*/) override {
        return std::vector<std::string>();  // every search is whole
    }
    base::Result<std::vector<presence::Use>> uses(
        const std::vector<std::string>& keys,
        const std::vector<base::EventTime>& moments) override {
        return cut(keys, moments);
    }
    base::Result<std::vector<presence::CitedRecord>> records(
        const std::vector<presence::Persona>& /*personas*/) override {
        return std::vector<presence::CitedRecord>();
    }
    base::Result<std::uint64_t> active_tenants() override {
        std::set<std::string_view> tenants;
        for (const Held& held : held_) tenants.insert(held.persona.tenant);
        return tenants.size();
    }
    base::Result<coverage::Certificate> coverage() override { return certificate_; }
    base::Result<std::string> position() override { return std::string("memory:1"); }

private:
    /// Uses of these keys, each between two of the moments, which are ascending.
    [[nodiscard]] std::vector<presence::Use> cut(
        const std::vector<std::string>& keys, const std::vector<base::EventTime>& moments) const {
        const std::set<std::string_view> wanted(keys.begin(), keys.end());
        std::map<std::tuple<std::string_view, std::string_view, std::string_view, std::size_t>,
                 presence::Use>
            uses;
        for (std::size_t i = 0; i < rows_.activity.size(); ++i) {
            const rollup::Activity row = rows_.activity[i];
            if (!wanted.contains(row.key)) continue;
            const auto part = static_cast<std::size_t>(
                std::ranges::upper_bound(moments, row.first_seen) - moments.begin());
            add(uses[{row.key, row.service, row.operation, part}], row);
        }
        std::vector<presence::Use> out;
        for (auto& [about, use] : uses) out.push_back(std::move(use));
        return out;
    }

    struct Held {
        presence::Persona persona;
        std::string family;
        std::string version;
        std::string app;
        std::set<base::EventTime> hours;

        void add(const rollup::Activity& row) {
            auto& own = persona;
            if (own.calls == 0 || row.first_seen < own.first) {
                own.first = row.first_seen;
                own.tenant = row.tenant;
                own.key = row.key;
                own.origin = row.origin;
                own.address = row.address;
                own.asn = static_cast<std::uint32_t>(row.asn);
                own.as_name = row.as_name;
                family = row.client_family;
                version = row.client_version;
                app = row.client_app;
                own.client = family + " " + version + (app.empty() ? "" : " " + app);
            }
            own.last = own.calls == 0 ? row.last_seen : std::max(own.last, row.last_seen);
            own.calls += row.sums.calls;
            own.ok += row.sums.ok;
            hours.insert(std::chrono::floor<std::chrono::hours>(row.minute));
        }

        /// Whether it is what is searched for, and whether that is sure.
        [[nodiscard]] std::optional<bool> fits(const presence::Search& search) const {
            using By = presence::Search::By;
            const auto yes = [](bool found) { return found ? std::optional(true) : std::nullopt; };
            switch (search.by) {
                case By::network:
                    return from_network(*search.network);
                case By::as_number:
                    return yes(persona.asn == search.as_number);
                case By::as_name:
                    return yes(
                        std::ranges::find(search.names, presence::name_key(persona.as_name)) !=
                        search.names.end());
                case By::client:
                    return yes(is_client(search.text, search.version));
                case By::resource:
                case By::domain:
                    return {};  // rollups do not hold them
                case By::tenants:
                    return yes(std::ranges::find(search.uids, persona.tenant) != search.uids.end());
                case By::keys:
                    return yes(std::ranges::find(search.uids, persona.key) != search.uids.end());
            }
            return {};
        }

        [[nodiscard]] std::optional<bool> from_network(const call::Network& network) const {
            const auto address = call::parse_address(persona.address);
            if (!address) return {};
            if (network.contains(*address)) return true;
            // An origin is a /24 or /48, and one address stands for it.
            const call::Network around = call::network_of(*address, network.start.v6 ? 48 : 24);
            if (around.prefix < network.prefix && around.contains(network.start)) return false;
            return {};
        }

        [[nodiscard]] bool is_client(std::string_view text, std::string_view wanted) const {
            if (family == text) return wanted.empty() || version == wanted;
            std::string_view rest = app;
            while (!rest.empty()) {
                const auto blank = std::min(rest.find(' '), rest.size());
                if (rest.substr(0, blank) == text) return true;
                rest.remove_prefix(std::min(blank + 1, rest.size()));
            }
            return false;
        }
    };

    static void add(presence::Use& use, const rollup::Activity& row) {
        if (use.key.empty()) {
            use.key = row.key;
            use.tenant = row.tenant;
            use.service = row.service;
            use.operation = row.operation;
            use.first = row.first_seen;
            use.last = row.last_seen;
        }
        use.first = std::min(use.first, row.first_seen);
        use.last = std::max(use.last, row.last_seen);
        use.ok += row.sums.ok;
    }

    std::shared_ptr<const registry::Registry> registry_;
    const rollup::Rows& rows_;
    const KeyIndex& keys_;
    coverage::Certificate certificate_;
    std::vector<Held> held_;
};

}  // namespace rolled
