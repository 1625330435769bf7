#include "app/command.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "store/read_only.hpp"

#include <boost/json/parse.hpp>

#include <cstdio>

namespace app {
namespace {

/// A value as JSON: numbers stay as they are written when a double would not hold them exactly.
boost::json::value cell_of(const store::Table::Column& column,
                           const std::optional<std::string>& value) {
    if (!value) return nullptr;
    using Kind = store::Table::Kind;
    if (column.kind == Kind::boolean) return *value == "t" || *value == "true";
    if (column.kind != Kind::text) {
        boost::system::error_code fault;
        auto parsed = boost::json::parse(*value, fault);
        if (!fault) return parsed;
    }
    return boost::json::value(*value);
}

Table printable(const store::Table& result) {
    Table table;
    for (const auto& column : result.columns) table.columns.push_back(column.name);
    for (const auto& row : result.rows) {
        auto& cells = table.rows.emplace_back();
        for (std::size_t i = 0; i < row.size(); ++i)
            cells.push_back(cell_of(result.columns[i], row[i]));
    }
    return table;
}

Table described(const std::vector<store::Described>& columns, const std::string& view) {
    Table table{{"view", "column", "type", "comment"}, {}};
    for (const auto& column : columns) {
        if (!view.empty() && view != "all" && column.view != view) continue;
        table.rows.push_back({boost::json::value(column.view), boost::json::value(column.column),
                              boost::json::value(column.type), boost::json::value(column.comment)});
    }
    return table;
}

Exit sql(const Invocation& invocation, const std::string& query, const std::string& view) {
    const auto config = invocation.load();
    if (!config) return complain(config.error());
    const auto form = form_of(invocation.output);
    if (!form) return complain(form.error());
    if (query.empty() && view.empty())
        return complain({base::Fault::invalid, "write a statement, or --describe VIEW"});
    auto database = OpenDatabase::open(*config);
    if (!database) return complain(database.error());
    const store::ReadOnly reader({.url = database->read_url()});
    if (!view.empty()) {
        const auto columns = reader.describe();
        if (!columns) return complain(columns.error());
        std::fputs(print(described(*columns, view), *form).c_str(), stdout);
        return Exit::done;
    }
    const auto result = reader.run(query);
    if (!result) return complain(result.error());
    std::fputs(print(printable(*result), *form).c_str(), stdout);
    if (result->truncated) {
        std::fprintf(stderr, "only the first %zu rows are shown; add LIMIT or a narrower WHERE\n",
                     result->rows.size());
    }
    return Exit::done;
}

}  // namespace

void add_sql(CLI::App& app, Invocation& invocation) {
    struct Asking {
        std::string query, view;
    };
    auto asking = std::make_shared<Asking>();
    auto* command = app.add_subcommand("sql", "Ask the investigate views, read-only");
    command->add_option("query", asking->query, "One SELECT statement");
    command->add_option("--describe", asking->view,
                        "Show a view's columns and what they mean; `all` for every view");
    add_output(*command, invocation);
    command->footer(
        "Examples:\n  callerprint sql \"SELECT policy_name, count(*) FROM investigate.alerts GROUP "
        "BY 1\"\n"
        "  callerprint sql \"SELECT * FROM investigate.calls LIMIT 5\" -o json\n"
        "  callerprint sql --describe calls");
    command->callback([&invocation, asking] {
        invocation.action = [&invocation, asking] {
            return sql(invocation, asking->query, asking->view);
        };
    });
}

}  // namespace app
