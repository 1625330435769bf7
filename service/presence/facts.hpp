#pragma once

#include "base/time.hpp"
#include "call/address.hpp"
#include "coverage/certificate.hpp"
#include "presence/clue.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace presence {

/// What is asked: the clues, the period [from, to), and why.
struct Question {
    std::vector<Clue> clues;  ///< As given, then what was derived from them; never empty.
    base::EventTime from;
    base::EventTime to;
    /// Answer with what was known then; none: with all that is known.
    std::optional<base::EventTime> as_of;
    std::string case_ref;  ///< The case that needs it; compulsory.
    std::string asked_by;
};

/// One key as used from one place with one kind of software, in the period of the question.
struct Persona {
    std::string key;
    std::string tenant;
    std::string origin;   ///< of1, level place.
    std::string address;  ///< An example, empty when none was logged.
    std::uint32_t asn = 0;
    std::string as_name;
    std::string client;  ///< "family version app", as far as known.
    base::EventTime first;
    base::EventTime last;
    std::uint64_t calls = 0;
    std::uint64_t ok = 0;        ///< Calls that worked: refused attempts are no use.
    std::uint32_t sessions = 0;  ///< Distinct hours with calls.
    bool leaked = false;         ///< The key was known to be public before the last of these calls.
    bool undeclared = false;     ///< Its owner declared networks, and this is none of them.

    bool operator==(const Persona&) const = default;
};

/// A clue that a persona shows.
struct Sighting {
    std::size_t clue = 0;     ///< Place in Question::clues.
    std::size_t persona = 0;  ///< Place in Facts::personas.
    /// False when only the network of the address is known to be the same.
    bool exact = true;
    /// The group it speaks in; none: that of the clue's kind. A domain is seen in several ways.
    std::optional<Group> group;
};

/// A key that a clue names.
struct NamedKey {
    std::string key;
    std::string tenant;
    std::uint32_t characters = 0;  ///< Of a fragment: known characters; 0 for a whole key or hash.
    std::optional<base::EventTime> leaked;  ///< First known exposure, as of the question.
};

/// How one clue went.
struct ClueFacts {
    /// Tenants that show it in the period: its anonymity set. Of a party: tenants registered to it.
    std::uint64_t tenants = 0;
    /// Of a clue that is seen in several ways: the same by the group that each speaks in.
    std::map<Group, std::uint64_t> tenants_by_group;
    /// Keys that a random fragment of this length would hit: issued keys x alphabet^-length x
    /// spellings tried.
    double chance_hits = 0;
    std::vector<NamedKey> keys;
    bool stock = false;     ///< A client everybody has: it tells nothing.
    bool more = false;      ///< More personas show it than were looked at.
    std::string near_miss;  ///< What almost matched, for a person: never evidence.
};

/// Calls of one key and operation in the period, and what the licence said of them.
struct Use {
    std::string key;
    std::string tenant;
    std::string service;
    std::string operation;
    base::EventTime first;
    base::EventTime last;
    std::uint64_t ok = 0;
    std::string known_then;  ///< licence.state by what was known at the last call.
    std::string known_now;   ///< By what is known as of the question.
    std::string licence;     ///< uid of the licence that decided; empty for none.
};

/// A record behind a persona, so that what an answer says can be looked up and proved.
struct CitedRecord {
    std::size_t persona = 0;  ///< Place in Facts::personas.
    std::string source;
    std::uint64_t block = 0;   ///< Journal LSN.
    std::uint32_t record = 0;  ///< Index in the block.
    base::EventTime time;
    std::string sha256;  ///< Hex, of the record as journalled.
};

/// A party of the registry that the clues name.
struct NamedParty {
    std::string uid;
    std::string name;
    std::string by;  ///< "name", "alias", "domain", "network", "uid", "owned by p-x (80 %)".
    std::vector<std::string> tenants;  ///< Registered to it, as known then.
    std::vector<std::string> covered;  ///< Operations that a licence of the party itself covers.
};

/// What was true when the question was asked, as data: an answer is a function of the question and
/// this. Everything is in a fixed order, so that one question over the same data has one answer.
struct Facts {
    std::uint64_t active_tenants = 0;  ///< With a call in the period.
    std::uint64_t issued_keys = 0;     ///< In the key index.
    std::uint64_t clues_left_off = 0;  ///< Derived clues beyond the most that a question has.
    std::vector<ClueFacts> clues;      ///< By Question::clues.
    std::vector<Persona> personas;     ///< That show a clue or belong to a named key or tenant.
    std::vector<Sighting> sightings;
    std::vector<NamedParty> parties;
    std::vector<Use> uses;             ///< Of the keys of whoever is named.
    std::vector<CitedRecord> records;  ///< By persona and time; a few of each, where kept.
    coverage::Certificate coverage;
    std::string registry_version;
    std::string data_position;  ///< How far the journal was committed: "main/0:123".
    /// Records of before this, cited then, have been deleted since.
    std::optional<base::EventTime> records_gone;
};

}  // namespace presence
