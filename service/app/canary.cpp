#include "app/canary.hpp"

#include "app/open_database.hpp"
#include "app/secrets.hpp"
#include "base/digest.hpp"
#include "coverage/canary.hpp"
#include "store/coverage.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace app {
namespace {

/// A call in our own format: its key is the clue, and the rest is made up. The address is of those
/// set aside for documentation (RFC 5737).
std::string record_of(const std::string& key, base::WallTime now) {
    using boost::json::object;
    return boost::json::serialize(
               object{{"time", base::to_rfc3339(now)},
                      {"metadata", object{{"uid", key}}},
                      {"actor", object{{"user", object{{"credential_uid", key}}}}},
                      {"src_endpoint", object{{"ip", "192.0.2.1"}}},
                      {"http_request", object{{"user_agent", "callerprint-canary"}}},
                      {"http_response", object{{"code", 200}}},
                      {"api", object{{"service", object{{"name", "Callerprint"}}},
                                     {"operation", "Callerprint.Canary"}}},
                      {"status_id", 1}}) +
           "\n";
}

}  // namespace

base::Result<std::size_t> send_canaries(const Config& config, const CanaryOptions& options) {
    auto database = OpenDatabase::open(config);
    if (!database) return std::unexpected(database.error());
    const auto secrets = Secrets::open(config.data_dir);
    if (!secrets) return std::unexpected(secrets.error());
    auto uploader = Uploader::make(options.upload);
    if (!uploader) return std::unexpected(uploader.error());

    const coverage::CanaryKeys keys(secrets->key("canary"));
    const auto now = base::WallClock::now();
    std::vector<std::string> sent;
    std::string body;
    for (std::size_t i = 0; i < options.count; ++i) {
        std::array<std::uint8_t, 10> random{};
        base::random_bytes(random);
        sent.push_back(keys.make(random));
        body += record_of(sent.back(), now);
    }
    const auto answer = uploader->send(body, "application/x-ndjson", sent.front());
    if (!answer) return std::unexpected(answer.error());
    if (answer->rejected > 0)
        return base::fail(base::Fault::invalid,
                          "the server refused canaries (" + answer->first_error +
                              "): send them to a source whose format is native or auto");
    if (auto done = store::register_canaries(database->session(), sent, options.upload.source,
                                             actor(), now);
        !done)
        return std::unexpected(done.error());
    return sent.size();
}

}  // namespace app
