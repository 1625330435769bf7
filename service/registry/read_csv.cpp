#include "registry/row_reader.hpp"

#include <algorithm>

namespace registry {
namespace {

constexpr std::size_t max_columns = 64;
constexpr std::size_t max_cell_bytes = 64 * 1024;

/// Records of RFC 4180, with LF taken as a line end besides CRLF:
///
///     file   = record *(eol record) [eol]
///     record = field *("," field)
///     field  = *plain / DQUOTE *(plain / "," / eol / 2DQUOTE) DQUOTE
class CsvReader {
public:
    CsvReader(std::string_view text, Problems& problems) : text_(text), problems_(problems) {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    }

    /// The next record that is not an empty line; false at the end. `line` is where it starts.
    bool next(std::vector<std::string>& fields, std::size_t& line) {
        while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {
            if (text_[at_++] == '\n') ++line_;
        }
        if (at_ >= text_.size()) return false;
        line = line_;
        fields.clear();
        do {
            fields.emplace_back();
            if (!field(fields.back(), line)) return skip_line(fields);
        } while (take(','));
        end_of_line();
        return true;
    }

private:
    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void end_of_line() {
        take('\r');
        if (take('\n')) ++line_;
    }

    bool field(std::string& out, std::size_t line) {
        if (!take('"')) {
            const std::size_t end = std::min(text_.find_first_of(",\r\n\"", at_), text_.size());
            out = text_.substr(at_, end - at_);
            at_ = end;
            if (at_ < text_.size() && text_[at_] == '"') {
                problems_.add(line, "a quote inside a cell that does not start with one");
                return false;
            }
            return true;
        }
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '"' && !take('"')) return after_quotes(line);
            if (c == '\n') ++line_;
            out += c;
            if (out.size() > max_cell_bytes) {
                problems_.add(line, "a cell longer than 64 KiB: a closing quote may be missing");
                return false;
            }
        }
        problems_.add(line, "a quoted cell without its closing quote");
        return false;
    }

    bool after_quotes(std::size_t line) {
        const bool ended =
            at_ >= text_.size() || text_[at_] == ',' || text_[at_] == '\r' || text_[at_] == '\n';
        if (!ended) problems_.add(line, "text after the closing quote of a cell");
        return ended;
    }

    /// After a fault the rest of the line is not trusted, but the lines after it are still checked.
    bool skip_line(std::vector<std::string>& fields) {
        fields.clear();
        at_ = std::min(text_.find('\n', at_), text_.size());
        end_of_line();
        return true;
    }

    std::string_view text_;
    Problems& problems_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

bool check_header(const std::vector<std::string>& header, std::size_t line, Problems& problems) {
    if (header.size() > max_columns) {
        problems.add(line, "more than 64 columns");
        return false;
    }
    for (std::size_t i = 0; i < header.size(); ++i) {
        const bool twice = std::find(header.begin(), header.begin() + static_cast<long>(i),
                                     header[i]) != header.begin() + static_cast<long>(i);
        if (header[i].empty() || twice) {
            problems.add(line, "the header names column " + std::to_string(i + 1) +
                                   (twice ? " twice" : " not at all"));
            return false;
        }
    }
    return true;
}

}  // namespace

std::vector<RawRow> read_csv(std::string_view text, Problems& problems) {
    std::vector<RawRow> out;
    CsvReader reader(text, problems);
    std::vector<std::string> header;
    std::vector<std::string> fields;
    std::size_t line = 1;
    if (!reader.next(header, line) || header.empty()) {
        problems.add(line, "no header line");
        return out;
    }
    if (!check_header(header, line, problems)) return out;
    while (!problems.full() && reader.next(fields, line)) {
        if (fields.empty()) continue;  // reported
        if (fields.size() != header.size()) {
            problems.add(line, "has " + std::to_string(fields.size()) + " cells, the header " +
                                   std::to_string(header.size()));
            continue;
        }
        RawRow row{line, {}};
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (fields[i].empty()) continue;
            row.cells.push_back({header[i], {std::move(fields[i])}, false, true});
        }
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace registry
