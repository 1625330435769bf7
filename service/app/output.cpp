#include "app/output.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace app {
namespace {

constexpr std::size_t widest_cell = 60;  // code points

std::string plain(const boost::json::value& cell) {
    if (cell.is_null()) return "";
    if (const auto* text = cell.if_string()) return std::string(*text);
    return boost::json::serialize(cell);
}

std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string cut(std::string text) {
    std::size_t at = 0;
    for (std::size_t points = 0; at < text.size(); ++points) {
        if (points == widest_cell - 1 && width(std::string_view(text).substr(at)) > 1) {
            return text.substr(0, at) + "…";
        }
        at += base::utf8::decode(text, at).size;
    }
    return text;
}

std::string print_table(const Table& table) {
    std::vector<std::vector<std::string>> lines{table.columns};
    for (const auto& row : table.rows) {
        auto& line = lines.emplace_back();
        for (const auto& cell : row) line.push_back(cut(base::log::safe(plain(cell))));
    }
    std::vector<std::size_t> widths(table.columns.size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], width(line[i]));
    }
    std::string out;
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            out += line[i];
            if (i + 1 < line.size()) out.append(widths[i] - width(line[i]) + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

std::string csv_cell(std::string_view raw) {
    auto text = base::log::safe(raw);
    if (!raw.empty() && std::string_view("=+-@\t\r").contains(raw[0])) text.insert(0, 1, '\'');
    if (text.find_first_of("\",") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

std::string print_csv(const Table& table) {
    std::string out;
    const auto line = [&](const auto& cells, auto text) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) out += ',';
            const auto& cell = cells[i];
            out += text(cell);
        }
        out += "\r\n";
    };
    line(table.columns, [](const std::string& name) { return csv_cell(name); });
    for (const auto& row : table.rows) {
        line(row, [](const boost::json::value& cell) {
            // A number cannot be a formula: only text is guarded.
            return cell.is_number() ? plain(cell) : csv_cell(plain(cell));
        });
    }
    return out;
}

boost::json::object object_of(const Table& table, std::size_t row) {
    boost::json::object out;
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        out[table.columns[i]] = table.rows[row][i];
    return out;
}

}  // namespace

base::Result<Form> form_of(std::string_view text) {
    if (text == "table") return Form::table;
    if (text == "json") return Form::json;
    if (text == "ndjson") return Form::ndjson;
    if (text == "csv") return Form::csv;
    return base::fail(base::Fault::invalid,
                      "unknown output form; write -o table, json, ndjson or csv");
}

std::string json_text(const boost::json::value& value) {
    return base::log::safe(boost::json::serialize(value));
}

std::string print(const Table& table, Form form) {
    if (form == Form::table) return print_table(table);
    if (form == Form::csv) return print_csv(table);
    std::string out;
    boost::json::array rows;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        if (form == Form::ndjson) {
            out += json_text(object_of(table, i)) + '\n';
        } else {
            rows.push_back(object_of(table, i));
        }
    }
    return form == Form::ndjson ? out : json_text(rows) + '\n';
}

}  // namespace app
