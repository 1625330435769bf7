#pragma once

#include "base/result.hpp"
#include "coverage/chain.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace presence {

/// A record that an answer cites, and the proof that its digest is in a batch of the chain.
struct ProvenRecord {
    std::string source;
    std::uint64_t block = 0;
    std::uint32_t record = 0;
    base::Digest sha256{};     ///< Of the record as journalled.
    std::uint64_t link = 0;    ///< Number of the batch in the chain; 0: the chain does not have it.
    std::uint64_t leaf = 0;    ///< Place of the record's leaf in the batch's tree.
    std::uint64_t leaves = 0;  ///< Leaves of that tree.
    std::vector<base::Digest> proof;
};

/// One entry of the batch chain with its number and the head before it.
struct ChainLink {
    std::uint64_t number = 0;
    base::Digest previous{};
    coverage::Link link;
};

/// What is exported of an answer, so that somebody without our database can check it.
struct Bundle {
    std::string record;  ///< The answer's record, as signed.
    std::vector<ProvenRecord> records;
    std::vector<ChainLink> chain;        ///< Ascending; those with cited records and the last one.
    std::vector<std::string> revisions;  ///< Of the policies in force in the period.
    std::vector<std::string> sql;        ///< Statements by which the same can be asked.
};

/// The bundle as one line of canonical JSON. `sign` signs the text; what it gives is the last
/// member, so that no byte of the bundle can change unnoticed.
[[nodiscard]] std::string write_bundle(const Bundle& bundle,
                                       const std::function<std::string(std::string_view)>& sign);

/// What a verifier finds in a bundle.
struct Verified {
    std::vector<std::string> problems;  ///< Each names what is wrong; empty: all of it holds.
    std::string id;
    std::string use;
    std::string licence;
    std::size_t records = 0;  ///< Cited records whose proofs hold.
};

/// Checks everything that can be checked without a database: that the bundle and the answer in it
/// are signed by `public_key` ("ed25519:BASE64", which must come from elsewhere than the bundle),
/// that the answer's id is the digest of what it says, that each link's head follows from the one
/// before, and that each cited record is in the batch it names. Reads anything; never aborts.
[[nodiscard]] Verified verify_bundle(std::string_view text, std::string_view public_key);

}  // namespace presence
