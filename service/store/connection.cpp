#include "store/connection.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/utf8.hpp"

#include <csignal>
#include <typeinfo>

namespace store {
namespace {

using base::Fault;

constexpr const char* who_am_i =
    "SELECT pg_backend_pid(), (SELECT backend_start::text FROM pg_stat_activity"
    " WHERE pid = pg_backend_pid())";
constexpr const char* find_database = "SELECT FROM pg_database WHERE datname = $1";

/// The server's own sentence without the statement that libpqxx may append.
std::string first_line(std::string_view text) {
    if (text.starts_with("ERROR:  ")) text.remove_prefix(8);
    if (text.starts_with("FATAL:  ")) text.remove_prefix(8);
    const auto end = text.find('\n');
    return base::log::safe(text.substr(0, std::min(end, std::size_t{400})));
}

Fault fault_of(std::string_view state) {
    if (state == "40001" || state == "40P01" || state == "55P03" || state.starts_with("57P") ||
        state.starts_with("08") || state == "53300") {
        return Fault::unavailable;
    }
    if (state.starts_with("53") || state == "57014") return Fault::exhausted;
    if (state == "23505" || state == "25006") return Fault::conflict;
    if (state == "42501") return Fault::unauthorised;
    return Fault::invalid;
}

template <class Kind>
bool is_a(const std::exception& thrown) {
    return dynamic_cast<const Kind*>(&thrown) != nullptr;
}

bool refused_for_good(std::string_view message) {
    for (const auto* part : {"authentication failed", "does not exist", "no pg_hba.conf entry",
                             "invalid connection option", "invalid URI"}) {
        if (message.contains(part) && !message.contains("No such file")) return true;
    }
    return false;
}

void set(pqxx::connection& connection, const char* name, std::chrono::milliseconds value) {
    pqxx::nontransaction tx(connection);
    tx.exec("SET " + std::string(name) + " = " + std::to_string(value.count()));
}

}  // namespace

Params& Params::keep(std::string value) {
    values_.emplace_back(std::move(value));
    return *this;
}

std::vector<const char*> Params::values() const {
    std::vector<const char*> out;
    for (const auto& value : values_) out.push_back(value ? value->c_str() : nullptr);
    return out;
}

Params& Params::text(std::string_view value) {
    if (base::utf8::valid(value) && !value.contains('\0')) return keep(std::string(value));
    return keep(base::utf8::storable(value));
}

Params& Params::integer(std::int64_t value) {
    return keep(std::to_string(value));
}
Params& Params::boolean(bool value) {
    return keep(value ? "t" : "f");
}

Params& Params::bytes(std::string_view value) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out = "\\x";
    out.reserve(2 + 2 * value.size());
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return keep(std::move(out));
}

Params& Params::texts(const std::vector<std::string>& values) {
    std::string out = "{";
    for (const auto& value : values) {
        if (out.size() > 1) out += ',';
        out += '"';
        for (const char c : base::utf8::storable(value)) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return keep(out + "}");
}

Params& Params::null() {
    values_.emplace_back();
    return *this;
}

Params& Params::time(base::EventTime value) {
    return value == base::EventTime::min() ? null() : integer(base::micros(value));
}
Params& Params::time(base::WallTime value) {
    return value == base::WallTime::min() ? null() : integer(base::micros(value));
}

pqxx::result run(pqxx::transaction_base& tx, const char* sql, const Params& params) {
    const auto values = params.values();
    return tx.exec_params(sql, pqxx::prepare::make_dynamic_params(values));
}

std::vector<std::string> elements(const pqxx::field& field) {
    std::vector<std::string> out;
    if (field.is_null()) return out;
    pqxx::array_parser parser(field.c_str());
    for (auto item = parser.get_next(); item.first != pqxx::array_parser::done;
         item = parser.get_next()) {
        if (item.first == pqxx::array_parser::string_value) out.push_back(item.second);
    }
    return out;
}

std::string bytes_of(const pqxx::field& field) {
    if (field.is_null()) return {};
    return pqxx::binarystring(field).str();
}

base::WallTime wall_time_of(const pqxx::field& micros) {
    return base::wall_time(micros.as<long long>());
}
std::optional<base::WallTime> maybe_wall_time(const pqxx::field& micros) {
    if (micros.is_null()) return std::nullopt;
    return wall_time_of(micros);
}
std::optional<base::EventTime> maybe_event_time(const pqxx::field& micros) {
    if (micros.is_null()) return std::nullopt;
    return base::event_time(micros.as<long long>());
}

std::string sqlstate_of(const std::exception& thrown) {
    const auto* error = dynamic_cast<const pqxx::sql_error*>(&thrown);
    if (error != nullptr && !error->sqlstate().empty()) return error->sqlstate();
    // libpqxx 6.4 forgets the state of some errors and has these two outside sql_error.
    if (is_a<pqxx::insufficient_privilege>(thrown)) return "42501";
    if (is_a<pqxx::disk_full>(thrown)) return "53100";
    if (is_a<pqxx::out_of_memory>(thrown)) return "53200";
    if (is_a<pqxx::insufficient_resources>(thrown)) return "53000";
    if (is_a<pqxx::unique_violation>(thrown)) return "23505";
    if (is_a<pqxx::integrity_constraint_violation>(thrown)) return "23000";
    if (is_a<pqxx::data_exception>(thrown)) return "22000";
    if (is_a<pqxx::syntax_error>(thrown)) return "42601";
    if (is_a<pqxx::feature_not_supported>(thrown)) return "0A000";
    if (is_a<pqxx::serialization_failure>(thrown)) return "40001";
    if (is_a<pqxx::deadlock_detected>(thrown)) return "40P01";
    return {};
}

bool is_data_fault(std::string_view state) noexcept {
    return state.starts_with("22") || state.starts_with("23") || state == "54000" ||
           state == "21000";
}

bool is_lost(const std::exception& thrown) noexcept {
    return is_a<pqxx::broken_connection>(thrown) || is_a<pqxx::in_doubt_error>(thrown) ||
           is_a<pqxx::statement_completion_unknown>(thrown);
}

base::Error error_of(const std::exception& thrown, std::string_view what) {
    const std::string start = std::string(what) + ": ";
    const std::string message = thrown.what();
    if (is_lost(thrown)) {
        const Fault fault = refused_for_good(message) ? Fault::invalid : Fault::unavailable;
        return {fault, start + first_line(message)};
    }
    const std::string state = sqlstate_of(thrown);
    // A statement that found the connection gone comes as an error without a state.
    if (state.empty()) return {Fault::unavailable, start + first_line(message)};
    return {fault_of(state), start + first_line(message) + " (SQLSTATE " + state + ")"};
}

base::Result<std::unique_ptr<Connection>> Connection::open(ConnectionOptions options) {
    std::signal(SIGPIPE, SIG_IGN);  // a server that went away is an error value, not our end
    std::unique_ptr<Connection> made(new Connection(std::move(options)));
    if (auto there = made->ensure(); !there) return std::unexpected(there.error());
    return made;
}

base::Result<void> Connection::ensure() {
    if (connection_ && connection_->is_open()) return {};
    drop();
    auto url = options_.url;
    const auto seconds = std::max<std::int64_t>(1, options_.connect_timeout.count() / 1000);
    url = with_parameter(std::move(url), "connect_timeout", std::to_string(seconds));
    url = with_parameter(std::move(url), "application_name", options_.application_name);
    url = with_parameter(std::move(url), "keepalives_idle", "30");
    url = with_parameter(std::move(url), "tcp_user_timeout", "60000");
    try {
        auto made = std::make_unique<pqxx::connection>(url);
        // Deprecated only because 7.0 never reactivates; 6.4 does, and loses session state.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
        made->inhibit_reactivation(true);
#pragma clang diagnostic pop
        set(*made, "statement_timeout", options_.statement_timeout);
        set(*made, "lock_timeout", options_.lock_timeout);
        set(*made, "idle_in_transaction_session_timeout", options_.idle_in_transaction_timeout);
        set(*made, "client_connection_check_interval", std::chrono::seconds(10));
        pqxx::nontransaction(*made).exec("SET client_min_messages = warning");
        pqxx::nontransaction tx(*made);
        const auto row = tx.exec1(who_am_i);
        backend_ = {row[0].as<long long>(), row[1].as<std::string>("")};
        tx.commit();
        connection_ = std::move(made);
    } catch (const std::exception& thrown) {
        drop();
        return std::unexpected(error_of(thrown, "connecting to the database"));
    }
    return {};
}

void Connection::drop() noexcept {
    connection_.reset();
    used_.clear();
}

std::string with_parameter(std::string url, std::string_view name, std::string_view value) {
    if (url.contains(std::string(name) + "=")) return url;
    const bool uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if (uri) {
        return url + (url.contains('?') ? "&" : "?") + std::string(name) + "=" + std::string(value);
    }
    return url + " " + std::string(name) + "='" + std::string(value) + "'";
}

bool can_connect(const std::string& url, std::chrono::seconds timeout) {
    try {
        const pqxx::connection made(
            with_parameter(url, "connect_timeout", std::to_string(timeout.count())));
        return true;
    } catch (const std::exception& thrown) {
        // No database yet, but a server that says so.
        return std::string_view(thrown.what()).contains("does not exist") &&
               !std::string_view(thrown.what()).contains("No such file");
    }
}

base::Result<void> create_database(const std::string& url, const std::string& name) {
    try {
        pqxx::connection connection(url);
        pqxx::nontransaction tx(connection);
        if (!run(tx, find_database, Params().text(name)).empty()) return {};
        tx.exec("CREATE DATABASE " + tx.quote_name(name));
    } catch (const std::exception& thrown) {
        return std::unexpected(error_of(thrown, "making the database"));
    }
    return {};
}

}  // namespace store
