#include "decode/access_line.hpp"

#include "decode/time_text.hpp"

namespace decode {
namespace {

constexpr std::array<std::string_view, column_count> names = {
    "vhost",       "remote",     "forwarded",     "ident",           "user",     "time",
    "request",     "method",     "target",        "protocol",        "status",   "bytes",
    "referrer",    "user_agent", "request_bytes", "request_seconds", "upstream", "request_id",
    "tls_version", "tls_cipher", "milliseconds",  "flags",
};

std::string_view& at(Columns& columns, Column column) {
    return columns[static_cast<std::size_t>(column)];
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

bool is_number(std::string_view text) {
    if (text == "-") return true;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
    }
    return !text.empty() && text.size() <= 18;
}

/// The next word, quoted text (without quotes; \" does not end it) or bracketed text, and `rest`
/// behind it. Nothing at the end, or when a quote is not closed.
std::optional<std::string_view> token(std::string_view& rest) {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (rest.empty()) return {};
    const char open = rest.front();
    if (open == '"') {
        for (std::size_t i = 1; i < rest.size(); ++i) {
            if (rest[i] == '\\') {
                ++i;
            } else if (rest[i] == '"') {
                const auto out = rest.substr(1, i - 1);
                rest.remove_prefix(i + 1);
                return out;
            }
        }
        return {};
    }
    if (open == '[') {
        const std::size_t close = rest.find(']');
        if (close == std::string_view::npos) return {};
        const auto out = rest.substr(1, close - 1);
        rest.remove_prefix(close + 1);
        return out;
    }
    const auto out = rest.substr(0, rest.find(' '));
    rest.remove_prefix(out.size());
    return out;
}

/// Takes the last word off the text.
std::string_view last_word(std::string_view& text) {
    text = trimmed(text);
    const std::size_t blank = text.rfind(' ');
    const auto out = blank == std::string_view::npos ? text : text.substr(blank + 1);
    text.remove_suffix(out.size());
    return out;
}

void split_request(Columns& columns) {
    std::string_view request = at(columns, Column::request);
    const std::size_t first = request.find(' ');
    if (first == std::string_view::npos || first == 0) return;  // Bytes that are no HTTP.
    for (const char c : request.substr(0, first)) {
        if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_') return;
    }
    at(columns, Column::method) = request.substr(0, first);
    request.remove_prefix(first + 1);
    const std::size_t last = request.rfind(' ');
    if (last != std::string_view::npos && request.substr(last + 1).starts_with("HTTP/")) {
        at(columns, Column::protocol) = request.substr(last + 6);
        request = request.substr(0, last);
    }
    at(columns, Column::target) = request;
}

/// What stands before the time: [vhost] client ident user.
bool read_front(std::string_view front, Columns& columns) {
    at(columns, Column::user) = last_word(front);
    at(columns, Column::ident) = last_word(front);
    front = trimmed(front);
    if (front.empty()) return false;
    const std::size_t quote = front.find('"');
    if (quote != std::string_view::npos) {
        // A quoted list; before it the virtual host, behind it the peer, which is a proxy then.
        const std::size_t close = front.find('"', quote + 1);
        if (close == std::string_view::npos) return false;
        at(columns, Column::vhost) = trimmed(front.substr(0, quote));
        front = trimmed(front.substr(quote + 1, close - quote - 1));
    } else if (const std::size_t blank = front.find(' ');
               blank != std::string_view::npos && front[blank - 1] != ',') {
        // A word before the client is the virtual host, unless the list goes on behind it.
        at(columns, Column::vhost) = front.substr(0, blank);
        front = trimmed(front.substr(blank));
    }
    const std::size_t comma = front.find(',');
    at(columns, Column::remote) = trimmed(front.substr(0, comma));
    if (comma != std::string_view::npos) at(columns, Column::forwarded) = front;
    return front.find_first_of("{}<>[]") == std::string_view::npos;
}

/// ingress-nginx: request_length request_time [proxy] [alternative] upstream ... request id.
void read_tail(std::string_view rest, Columns& columns) {
    constexpr std::string_view chain = "X-Forwarded-For=";
    rest = trimmed(rest);
    if (rest.starts_with(chain)) rest.remove_prefix(chain.size());
    const auto length = token(rest);
    if (!length) return;
    if (!is_number(*length)) {
        at(columns, Column::forwarded) =
            at(columns, Column::forwarded).empty() ? *length : at(columns, Column::forwarded);
        return;
    }
    const auto seconds = token(rest);
    const auto proxy = token(rest);
    const auto alternative = token(rest);
    const auto upstream = token(rest);
    if (!upstream || !seconds || !proxy || !alternative) return;
    at(columns, Column::request_bytes) = *length;
    at(columns, Column::request_seconds) = *seconds;
    at(columns, Column::upstream) = *upstream;
    const std::string_view id = last_word(rest);
    if (id.size() >= 16) at(columns, Column::request_id) = id;
}

/// Envoy's default: received and sent stand for the sizes of request and answer.
std::optional<Columns> envoy(std::string_view line) {
    constexpr std::array order = {Column::time,        Column::request,       Column::status,
                                  Column::flags,       Column::request_bytes, Column::bytes,
                                  Column::milliseconds};
    Columns columns;
    for (const Column column : order) {
        const auto value = token(line);
        if (!value) return {};
        at(columns, column) = *value;
    }
    const auto upstream_milliseconds = token(line);
    if (!upstream_milliseconds || !is_number(*upstream_milliseconds)) return {};
    for (const Column column :
         {Column::status, Column::request_bytes, Column::bytes, Column::milliseconds}) {
        if (!is_number(at(columns, column))) return {};
    }
    for (const Column column : {Column::forwarded, Column::user_agent, Column::request_id,
                                Column::vhost, Column::upstream}) {
        const auto value = token(line);
        if (!value) return {};
        at(columns, column) = *value;
    }
    std::string_view& forwarded = at(columns, Column::forwarded);
    at(columns, Column::remote) = trimmed(forwarded.substr(0, forwarded.find(',')));
    split_request(columns);
    return columns;
}

std::optional<Columns> ssl_request(std::string_view line) {
    Columns columns;
    const auto time = token(line);
    const auto client = token(line);
    const auto version = token(line);
    const auto cipher = token(line);
    const auto request = token(line);
    const auto bytes = token(line);
    if (!time || !client || !version || !cipher || !request || !bytes || !is_number(*bytes) ||
        (!version->starts_with("TLS") && !version->starts_with("SSL"))) {
        return {};
    }
    at(columns, Column::time) = *time;
    at(columns, Column::remote) = *client;
    at(columns, Column::tls_version) = *version;
    at(columns, Column::tls_cipher) = *cipher;
    at(columns, Column::request) = *request;
    at(columns, Column::bytes) = *bytes;
    split_request(columns);
    return columns;
}

/// <134>Jan  1 00:00:00 host nginx: ...
std::string_view without_syslog(std::string_view line) {
    const std::size_t colon = line.find(": ");
    const std::size_t bracket = line.find('[');
    const std::size_t tag = line.substr(0, colon).rfind(' ');
    if (colon == std::string_view::npos || bracket == std::string_view::npos || colon > 80 ||
        tag == std::string_view::npos) {
        return line;
    }
    const std::string_view program = line.substr(tag + 1, colon - tag - 1);
    const std::string_view bare = program.substr(0, program.find('['));
    if (bare == "nginx" || bare == "httpd" || bare == "apache" || bare == "apache2") {
        return line.substr(colon + 2);
    }
    return line;
}

}  // namespace

std::string_view name(Column column) noexcept {
    return names[static_cast<std::size_t>(column)];
}

std::optional<Columns> read_access_line(std::string_view line) noexcept {
    line = trimmed(without_syslog(line));
    if (line.starts_with('[')) return line.contains("] \"") ? envoy(line) : ssl_request(line);
    const std::size_t open = line.find(" [");
    if (open == std::string_view::npos) return {};
    Columns columns;
    if (!read_front(line.substr(0, open), columns)) return {};
    std::string_view rest = line.substr(open + 1);
    const auto time = token(rest);
    const bool quoted = trimmed(rest).starts_with('"');
    const auto request = token(rest);
    const auto status = token(rest);
    const auto bytes = token(rest);
    if (!time || !quoted || !request || !status || !bytes || !is_number(*status) ||
        !is_number(*bytes)) {
        return {};
    }
    at(columns, Column::time) = *time;
    at(columns, Column::request) = *request;
    at(columns, Column::status) = *status;
    at(columns, Column::bytes) = *bytes;
    split_request(columns);
    // Some layouts have a second size before the quoted columns.
    if (const auto next = trimmed(rest);
        !next.empty() && next.front() >= '0' && next.front() <= '9') {
        static_cast<void>(token(rest));
    }
    if (const auto referrer = token(rest)) at(columns, Column::referrer) = *referrer;
    if (const auto agent = token(rest)) at(columns, Column::user_agent) = *agent;
    read_tail(rest, columns);
    return columns;
}

}  // namespace decode
