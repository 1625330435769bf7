#include "app/command.hpp"
#include "app/open_database.hpp"
#include "app/output.hpp"
#include "store/read_only.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
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

/// No row, or one of which every number is zero or missing: a count, a sum of nothing.
bool says_nothing(const store::Table& result) {
    if (result.rows.empty()) return true;
    if (result.rows.size() > 1) return false;
    bool counts = false;
    for (std::size_t i = 0; i < result.columns.size(); ++i) {
        if (result.columns[i].kind != store::Table::Kind::number) continue;
        const auto& value = result.rows[0][i];
        if (value && value->find_first_not_of("0.") != std::string::npos) return false;
        counts = true;
    }
    return counts;
}

constexpr const char* what_it_is_worth =
    "SELECT to_char(period_from AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS"
    " period_from, to_char(period_to AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS"
    " period_to, share, whole, gaps, unacknowledged, extract(epoch FROM "
    "unacknowledged_time)::bigint"
    " AS unacknowledged_seconds, to_char(kept_since AT TIME ZONE 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS kept_since, sources FROM coverage_of()";

std::string gap_words(const boost::json::object& coverage) {
    const auto open = coverage.at("unacknowledged").as_int64();
    if (open == 0) return "no gap that nobody acknowledged";
    const auto seconds = coverage.at("unacknowledged_seconds").as_int64();
    return std::to_string(open) + (open == 1 ? " gap" : " gaps") + " of " +
           std::to_string(seconds / 3'600) + " h " + std::to_string(seconds / 60 % 60) +
           " min that nobody acknowledged";
}

/// Nothing found is no "there was nothing": beside it, on the error stream so that the rows stay
/// what they are, how much could have been seen. Of all that is kept, since a statement does not
/// tell the time that it is about.
void print_coverage(const store::ReadOnly& reader, Form form) {
    const auto asked = reader.run(what_it_is_worth);
    if (!asked || asked->rows.empty()) {
        std::fprintf(stderr, "nothing found; what could have been seen is not known: %s\n",
                     asked ? "no answer" : asked.error().reason.c_str());
        return;
    }
    boost::json::object coverage;
    for (std::size_t i = 0; i < asked->columns.size(); ++i)
        coverage[asked->columns[i].name] = cell_of(asked->columns[i], asked->rows[0][i]);
    if (form == Form::json || form == Form::ndjson) {
        std::fprintf(stderr, "%s\n",
                     boost::json::serialize(boost::json::object{{"coverage", coverage}}).c_str());
        return;
    }
    if (coverage["kept_since"].is_null()) {
        std::fprintf(stderr, "nothing found, and nothing has come from any source yet\n");
        return;
    }
    std::fprintf(stderr,
                 "nothing found. That says no more than what could have been seen from %s to %s:"
                 " %.2f%% of what was sent, %s.\n"
                 "Of a period: SELECT * FROM investigate.coverage_of('FROM', 'TO')\n",
                 coverage["period_from"].as_string().c_str(),
                 coverage["period_to"].as_string().c_str(),
                 std::floor(coverage["share"].to_number<double>() * 10'000) / 100,
                 gap_words(coverage).c_str());
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
    if (says_nothing(*result)) print_coverage(reader, *form);
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
