#pragma once

#include "store/connection.hpp"
#include "store/effects.hpp"
#include "store/partitions.hpp"
#include "store/session.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// One kind of rows of a batch. `write` puts rows [begin, end) into the transaction and throws what
/// the server says; written in halves until the one row that the server refuses is found.
struct Section {
    std::string name;
    std::size_t rows = 0;
    std::function<void(pqxx::dbtransaction&, std::size_t begin, std::size_t end)> write;
    /// What is kept of a row that was refused.
    std::function<DeadLetter(std::size_t row)> letter;
};

/// What the sections need besides the effects.
struct Batch {
    Connection& connection;
    const Effects& effects;
    const Renderer& render;
    Committed& result;
};

/// The sections of a batch in the order in which every batch writes them (no deadlocks).
std::vector<Section> sections_of(const Batch& batch);
Section dead_letter_section(const Batch& batch, const std::vector<DeadLetter>& letters);
void add_rollup_sections(const Batch& batch, std::vector<Section>& out);
Section reports_section(const std::vector<coverage::Report>& reports);
void add_alert_sections(const Batch& batch, std::vector<Section>& out);

/// COPY into `table` of the columns, in pieces. Throws what the server says.
class Copy {
public:
    Copy(pqxx::transaction_base& tx, const std::string& table, const std::string& columns);
    ~Copy();
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;

    /// Lines with line ends between them, none at the end.
    void write(std::string_view lines);
    /// To be called at the end: the destructor gives up.
    void complete();

private:
    struct Writer;
    std::unique_ptr<Writer> writer_;
};

/// A COPY in one piece.
void copy_lines(pqxx::transaction_base& tx, const std::string& table, const std::string& columns,
                std::string_view lines);

/// The weekly partitions that the effects will write to.
std::set<Week> weeks_of(const Effects& effects);

}  // namespace store
