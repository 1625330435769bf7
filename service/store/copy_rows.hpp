#pragma once

#include "store/batch.hpp"
#include "store/copy_text.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace store {

/// Writes rows, any range of them, a few hundred at a time: they stay in the cache on their way
/// out.
template <class Rows, class Put>
void copy_rows(pqxx::dbtransaction& tx, const std::string& table, const std::string& columns,
               const Rows& rows, const Put& put_row) {
    static constexpr std::size_t rows_at_once = 512;
    Copy copy(tx, table, columns);
    std::string lines;
    CopyText text(lines);
    std::size_t held = 0;
    const auto write = [&] {
        text.end_row_open();
        copy.write(lines);
        lines.clear();
        held = 0;
    };
    for (const auto& row : rows) {
        if (held != 0) text.end_row();
        put_row(text, row);
        if (++held == rows_at_once) write();
    }
    if (held != 0) write();
    copy.complete();
}

/// A temporary table that rows come in by, since COPY cannot merge, and how they go on.
struct Incoming {
    const char* table;
    const char* make;     ///< Makes the table unless it is there; emptied at COMMIT.
    const char* columns;  ///< In the order in which rows are put.
    const char* merge;    ///< Moves all of its rows on.
};

/// Writes rows through an Incoming, in a few statements however many they are. What `merge`
/// returned.
template <class Row, class Put>
pqxx::result merge_rows(pqxx::dbtransaction& tx, Connection& connection, const Incoming& incoming,
                        std::span<const Row> rows, const Put& put_row) {
    const std::string table = incoming.table;
    if (connection.first_use(table)) {
        tx.exec(incoming.make);
        connection.raw().prepare("merge_" + table, incoming.merge);
    }
    tx.exec("DELETE FROM " + table);  // a half of these rows may have come before
    copy_rows(tx, table, incoming.columns, rows, put_row);
    return tx.exec_prepared("merge_" + table);
}

}  // namespace store
