#include "enrich/mmdb_table.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "base/utf8.hpp"

#include <maxminddb.h>
#include <netinet/in.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace enrich {

struct MmdbTable::Database {
    MMDB_s file{};
    bool opened = false;
    std::string type;
    mutable std::atomic<std::uint64_t> damaged{0};

    ~Database() {
        if (opened) MMDB_close(&file);
    }
};

namespace {

/// Reads one record and remembers whether it was damaged.
class Record {
public:
    explicit Record(MMDB_entry_s entry) : entry_(entry) {}

    template <class... Path>
    std::string_view text(Path... path) {
        const auto data = value(path...);
        if (!data || data->type != MMDB_DATA_TYPE_UTF8_STRING) return {};
        const std::string_view out(data->utf8_string, data->data_size);
        if (base::utf8::valid(out)) return out;
        damaged = true;
        return {};
    }

    std::optional<std::uint32_t> number(const char* name) {
        const auto data = value(name);
        if (!data) return std::nullopt;
        if (data->type == MMDB_DATA_TYPE_UINT32) return data->uint32;
        if (data->type == MMDB_DATA_TYPE_UINT16) return data->uint16;
        return std::nullopt;
    }

    bool flag(const char* name) {
        const auto data = value(name);
        return data && data->type == MMDB_DATA_TYPE_BOOLEAN && data->boolean;
    }

    bool damaged = false;

private:
    template <class... Path>
    std::optional<MMDB_entry_data_s> value(Path... path) {
        const std::array<const char*, sizeof...(Path) + 1> names = {path..., nullptr};
        MMDB_entry_data_s data{};
        const int status = MMDB_aget_value(&entry_, &data, names.data());
        // A path that the record does not have is no damage.
        const bool absent = status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR;
        if (status != MMDB_SUCCESS && !absent) damaged = true;
        if (status != MMDB_SUCCESS || !data.has_data) return std::nullopt;
        return data;
    }

    MMDB_entry_s entry_;
};

bool is_country(std::string_view text) noexcept {
    return text.size() == 2 && std::ranges::all_of(text, base::ascii::is_upper) && text != "ZZ";
}

std::string_view country(Record& record) {
    for (const auto text : {record.text("country", "iso_code"), record.text("country_code"),
                            record.text("registered_country", "iso_code")}) {
        if (is_country(text)) return text;
    }
    return {};
}

struct Word {
    std::string_view theirs;
    std::string_view ours;
};

constexpr std::array words = {
    Word{"Cellular", "mobile"},
    Word{"Cable/DSL", "isp"},
    Word{"Dialup", "isp"},
    Word{"Satellite", "isp"},
    Word{"Corporate", "business"},
    Word{"business", "business"},
    Word{"cellular", "mobile"},
    Word{"college", "education"},
    Word{"school", "education"},
    Word{"library", "education"},
    Word{"government", "government"},
    Word{"military", "government"},
    Word{"hosting", "hosting"},
    Word{"content_delivery_network", "hosting"},
    Word{"residential", "isp"},
    Word{"dialup", "isp"},
};

std::string_view kind(Record& record) {
    if (record.flag("is_tor_exit_node")) return "tor";
    if (record.flag("is_anonymous_vpn") || record.flag("is_public_proxy")) return "vpn";
    if (record.flag("is_hosting_provider")) return "hosting";
    for (const auto text :
         {record.text("traits", "user_type"), record.text("user_type"),
          record.text("connection_type"), record.text("traits", "connection_type")}) {
        for (const auto& word : words) {
            if (word.theirs == text) return word.ours;
        }
    }
    return {};
}

union Socket {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

Socket socket_of(const call::Address& address) noexcept {
    Socket out{};
    if (address.v6) {
        out.v6.sin6_family = AF_INET6;
        std::memcpy(&out.v6.sin6_addr, address.bytes.data(), 16);
    } else {
        out.v4.sin_family = AF_INET;
        std::memcpy(&out.v4.sin_addr, address.bytes.data(), 4);
    }
    return out;
}

}  // namespace

MmdbTable::MmdbTable(std::string name, std::string version, std::unique_ptr<Database> database)
    : Table(std::move(name), std::move(version)), database_(std::move(database)) {}

MmdbTable::~MmdbTable() = default;

base::Result<std::shared_ptr<const MmdbTable>> MmdbTable::open(std::string name,
                                                               const std::string& path) {
    const std::string where = "table " + name + ": ";
    auto database = std::make_unique<Database>();
    errno = 0;
    const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &database->file);
    if (status != MMDB_SUCCESS) {
        const bool absent = status == MMDB_FILE_OPEN_ERROR && errno == ENOENT;
        return base::fail(absent ? base::Fault::not_found : base::Fault::invalid,
                          where + MMDB_strerror(status));
    }
    database->opened = true;
    const char* type = database->file.metadata.database_type;
    if (type == nullptr || !base::utf8::valid(type))
        return base::fail(base::Fault::invalid, where + "its metadata name no database type");
    database->type = type;
    const std::string_view bytes(reinterpret_cast<const char*>(database->file.file_content),
                                 static_cast<std::size_t>(database->file.file_size));
    return std::shared_ptr<const MmdbTable>(
        new MmdbTable(std::move(name), base::hex(base::sha256(bytes)), std::move(database)));
}

void MmdbTable::look_up(const call::Address& address, NetworkFacts& facts) const {
    const Socket socket = socket_of(address);
    int fault = MMDB_SUCCESS;
    const MMDB_lookup_result_s result = MMDB_lookup_sockaddr(&database_->file, &socket.any, &fault);
    if (fault == MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR) return;
    if (fault != MMDB_SUCCESS) {
        ++database_->damaged;
        return;
    }
    if (!result.found_entry) return;
    Record record(result.entry);
    if (!facts.asn) {
        if (const auto asn = record.number("autonomous_system_number"); asn && *asn != 0) {
            facts.asn = asn;
            facts.as_name = record.text("autonomous_system_organization");
        }
    }
    if (facts.country.empty()) facts.country = country(record);
    if (facts.kind.empty()) facts.kind = kind(record);
    if (record.damaged) ++database_->damaged;
}

const std::string& MmdbTable::type() const noexcept {
    return database_->type;
}

std::uint64_t MmdbTable::damaged() const noexcept {
    return database_->damaged.load();
}

}  // namespace enrich
