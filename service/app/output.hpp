#pragma once

#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace app {

enum class Form { table, json, ndjson, csv };

/// The form of a `-o` option; its error lists the known ones.
base::Result<Form> form_of(std::string_view text);

/// The value as one line of JSON in which nothing can forge a line, drive a terminal or turn
/// writing round: such characters are \u escapes, so a reader gets them back.
[[nodiscard]] std::string json_text(const boost::json::value& value);

/// Rows of the same columns, printed in any form.
struct Table {
    std::vector<std::string> columns;
    std::vector<std::vector<boost::json::value>> rows;
};

/// The table as text, ending with a line break. In `table` form cells are escaped for terminals and
/// cut at 60 characters; in `csv` (RFC 4180) a cell that a spreadsheet would take for a formula
/// begins with an apostrophe, and control characters are \u escapes as in a table.
[[nodiscard]] std::string print(const Table& table, Form form);

}  // namespace app
