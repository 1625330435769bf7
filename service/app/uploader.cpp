#include "app/uploader.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"

#include <zstd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <thread>

namespace app {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// A source's name stands in the query: escape what is not plain.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = base::ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
        const auto byte = static_cast<std::uint8_t>(c);
        out += plain ? std::string(1, c) : "%" + base::hex(std::span(&byte, 1));
    }
    return out;
}

base::Result<std::string> compressed(std::string_view body) {
    std::string out(ZSTD_compressBound(body.size()), '\0');
    const auto size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), 1);
    if (ZSTD_isError(size)) return base::fail(base::Fault::exhausted, ZSTD_getErrorName(size));
    out.resize(size);
    return out;
}

std::uint64_t number(const boost::json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_int64() ? static_cast<std::uint64_t>(value->as_int64()) : 0;
}

std::string first_error(const boost::json::object& answer) {
    const auto* errors = answer.if_contains("errors");
    if (!errors || !errors->is_array() || errors->as_array().empty()) return {};
    const auto* error = errors->as_array().front().if_object();
    if (!error) return {};
    const auto* code = error->if_contains("code");
    return "line " + std::to_string(number(*error, "line")) + ": " +
           (code && code->is_string() ? std::string(code->as_string()) : std::string("unknown"));
}

Uploader::Answer answer_of(const http::ClientResponse& response) {
    Uploader::Answer out;
    boost::system::error_code fault;
    const auto parsed = boost::json::parse(response.body, fault);
    if (const auto* object = fault ? nullptr : parsed.if_object()) {
        out.accepted = number(*object, "accepted");
        out.rejected = number(*object, "rejected");
        out.duplicates = number(*object, "duplicates");
        out.first_error = first_error(*object);
    }
    return out;
}

seconds retry_after(const http::ClientResponse& response) {
    const auto text = response.header("Retry-After");
    int value = 1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return seconds(std::clamp(value, 1, 60));
}

}  // namespace

base::Result<Uploader> Uploader::make(Options options) {
    while (options.url.ends_with('/')) options.url.pop_back();
    auto client = http::Client::make({});
    if (!client) return std::unexpected(client.error());
    return Uploader(std::move(options), std::move(*client));
}

Uploader::Uploader(Options options, std::unique_ptr<http::Client> client)
    : options_(std::move(options)), client_(std::move(client)) {}

base::Result<http::ClientResponse> Uploader::post(const std::string& body,
                                                  std::string_view content_type,
                                                  const std::string& key) {
    http::ClientRequest request;
    request.url = options_.url + "/v1/ingest?source=" + escaped(options_.source);
    request.headers = {{"Authorization", "Bearer " + options_.token},
                       {"Content-Type", std::string(content_type)},
                       {"Content-Encoding", "zstd"},
                       {"Idempotency-Key", key}};
    request.body = body;
    request.deadlines.total = std::chrono::seconds(60);
    request.check = [](std::string_view) { return true; };  // the user named this server
    std::optional<base::Result<http::ClientResponse>> answer;
    asio::io_context context;
    asio::co_spawn(context, client_->send(std::move(request)),
                   [&](const std::exception_ptr& fault, base::Result<http::ClientResponse> got) {
                       if (!fault) answer = std::move(got);
                   });
    context.run();
    if (!answer) return base::fail(base::Fault::unavailable, "the request failed");
    return std::move(*answer);
}

base::Result<Uploader::Answer> Uploader::send(std::string_view body, std::string_view content_type,
                                              const std::string& key) {
    const auto packed = compressed(body);
    if (!packed) return std::unexpected(packed.error());
    const auto deadline = steady_clock::now() + options_.patience;
    while (true) {
        const auto response = post(*packed, content_type, key);
        auto wait = seconds(1);
        std::string why;
        if (!response) {
            if (response.error().fault != base::Fault::unavailable)
                return std::unexpected(response.error());
            why = response.error().reason;
        } else if (response->status == 200) {
            return answer_of(*response);
        } else if (response->status == 400) {
            // Not one line was usable: the counts say so, and the next file may be fine.
            return answer_of(*response);
        } else if (response->status == 401 || response->status == 403) {
            return base::fail(base::Fault::unauthorised,
                              "the server refused the token for this source");
        } else if (response->status == 429 || response->status == 503 || response->status == 409) {
            wait = retry_after(*response);
            why = "the server said " + std::to_string(response->status) + ", try again";
        } else {
            return base::fail(base::Fault::invalid,
                              "the server said " + std::to_string(response->status));
        }
        if (steady_clock::now() + wait > deadline) return base::fail(base::Fault::unavailable, why);
        std::this_thread::sleep_for(wait);
    }
}

}  // namespace app
