#pragma once

#include "base/result.hpp"
#include "erase/subjects.hpp"
#include "store/session.hpp"

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

namespace store {

/// Rows in which something was found, by table; partitions count as their table. None: nothing.
using RowsByTable = std::map<std::string, std::uint64_t>;

/// Rows that name the person, in all columns that hold text, an address or JSON, of all tables but
/// the requests for erasure themselves. The columns come from the catalogue.
base::Result<RowsByTable> count_rows(Session& session, const erase::Subjects& subjects);

/// Puts pseudonyms in their place, a table at a time, each in a transaction of its own, and again
/// until none is found: a row may move from one table to another meanwhile. Digests of lines that
/// were changed are made again, entries of the audit keep their chain, answers are marked as
/// changed by `erasure`. Can be broken off at any time and begun again. Fault::unavailable when
/// asked to stop, between two tables; Fault::conflict when rows still come after a few rounds.
base::Result<RowsByTable> erase_rows(Session& session, const erase::Subjects& subjects,
                                     std::string_view erasure, const std::stop_token& stop = {});

}  // namespace store
