#include "registry/row_reader.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>

namespace registry {
namespace {

constexpr std::size_t max_line_bytes = 1024 * 1024;

/// Collects one flat object. A tree would lose names that occur twice, which is why this listens
/// to the parser instead.
class RowHandler {
public:
    static constexpr std::size_t max_object_size = 64;
    static constexpr std::size_t max_array_size = 10'001;
    static constexpr std::size_t max_key_size = 256;
    static constexpr std::size_t max_string_size = 64 * 1024;

    using error_code = boost::json::error_code;
    using view = boost::json::string_view;

    RawRow row;
    std::string fault;

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& ec) {
        if (open_++ > 0) return refuse(ec, "an object inside the row");
        return true;
    }
    bool on_object_end(std::size_t, error_code&) { return true; }
    bool on_array_begin(error_code& ec) {
        if (open_ == 0 || in_list_) return refuse(ec, "a list where none may stand");
        in_list_ = true;
        cell_.list = true;
        return true;
    }
    bool on_array_end(std::size_t, error_code&) {
        in_list_ = false;
        keep();
        return true;
    }
    bool on_key_part(view part, std::size_t, error_code&) {
        cell_.column.append(part.data(), part.size());
        return true;
    }
    bool on_key(view part, std::size_t size, error_code& ec) {
        on_key_part(part, size, ec);
        if (std::ranges::find(row.cells, cell_.column, &Cell::column) != row.cells.end())
            return refuse(ec, "a name that occurs twice");
        return true;
    }
    bool on_string_part(view part, std::size_t, error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_string(view part, std::size_t size, error_code& ec) {
        on_string_part(part, size, ec);
        if (open_ == 0) return refuse(ec, "no object");
        cell_.values.push_back(std::move(text_));
        text_.clear();
        if (!in_list_) keep();
        return true;
    }
    bool on_number_part(view, error_code&) { return true; }
    bool on_int64(std::int64_t, view, error_code& ec) { return refuse(ec, "a number"); }
    bool on_uint64(std::uint64_t, view, error_code& ec) { return refuse(ec, "a number"); }
    bool on_double(double, view, error_code& ec) { return refuse(ec, "a number"); }
    bool on_bool(bool, error_code& ec) { return refuse(ec, "true or false"); }
    bool on_null(error_code& ec) {
        if (in_list_ || open_ == 0) return refuse(ec, "null where none may stand");
        cell_ = {};
        return true;
    }
    bool on_comment_part(view, error_code&) { return true; }
    bool on_comment(view, error_code&) { return true; }

private:
    bool refuse(error_code& ec, std::string what) {
        fault = std::move(what);
        ec = boost::json::error::syntax;
        return false;
    }

    /// An empty text says nothing, as in CSV; so does an empty list.
    void keep() {
        const bool empty = cell_.values.empty() || (!cell_.list && cell_.values[0].empty());
        if (!empty) row.cells.push_back(std::move(cell_));
        cell_ = {};
    }

    int open_ = 0;
    bool in_list_ = false;
    Cell cell_;
    std::string text_;
};

}  // namespace

std::vector<RawRow> read_ndjson(std::string_view text, Problems& problems) {
    std::vector<RawRow> out;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::size_t line = 0;
    while (!text.empty() && !problems.full()) {
        ++line;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view object = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (object.ends_with('\r')) object.remove_suffix(1);
        if (object.find_first_not_of(" \t") == std::string_view::npos) continue;
        if (object.size() > max_line_bytes) {
            problems.add(line, "longer than 1 MiB");
            continue;
        }
        boost::json::basic_parser<RowHandler> parser(boost::json::parse_options{});
        boost::json::error_code ec;
        const std::size_t used = parser.write_some(false, object.data(), object.size(), ec);
        auto& handler = parser.handler();
        if (!handler.fault.empty()) {
            problems.add(line,
                         handler.fault + "; write one flat object of texts and lists of texts");
        } else if (ec || used != object.size()) {
            problems.add(line, "no JSON object on one line");
        } else {
            handler.row.line = line;
            out.push_back(std::move(handler.row));
        }
    }
    return out;
}

}  // namespace registry
