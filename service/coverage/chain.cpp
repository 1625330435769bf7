#include "coverage/chain.hpp"

#include "coverage/merkle.hpp"

#include <string>

namespace coverage {
namespace {

void put(std::string& out, std::uint64_t number, int bytes = 8) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        out += static_cast<char>(number >> shift & 0xff);
}

void put(std::string& out, const base::Digest& digest) {
    out.append(digest.begin(), digest.end());
}

}  // namespace

base::Digest head_of(const base::Digest& previous, const Link& link) {
    std::string bytes;
    put(bytes, previous);
    put(bytes, link.from);
    put(bytes, link.to);
    put(bytes, link.records);
    put(bytes, link.root);
    put(bytes, static_cast<std::uint64_t>(base::micros(link.at)));
    return base::sha256(bytes);
}

base::Digest block_leaf(std::uint64_t lsn, const base::Digest& payload) {
    std::string bytes("B");
    put(bytes, lsn);
    put(bytes, payload);
    return merkle::leaf(bytes);
}

base::Digest record_leaf(std::uint64_t lsn, std::uint32_t index, std::string_view record) {
    return record_leaf_of(lsn, index, base::sha256(record));
}

base::Digest record_leaf_of(std::uint64_t lsn, std::uint32_t index, const base::Digest& sha256) {
    std::string bytes("R");
    put(bytes, lsn);
    put(bytes, index, 4);
    put(bytes, sha256);
    return merkle::leaf(bytes);
}

}  // namespace coverage
