#include "ingest/media.hpp"

#include "base/ascii.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace ingest {
namespace {

namespace ascii = base::ascii;

using decode::BodyKind;

constexpr std::string_view protobuf = "application/x-protobuf";

struct Type {
    std::string_view name;
    BodyKind kind;
};
// Shippers send lines of JSON as application/json too, so that type leaves it to the body.
constexpr std::array<Type, 6> types{{
    {"application/x-ndjson", BodyKind::ndjson},
    {"application/ndjson", BodyKind::ndjson},
    {"application/jsonl", BodyKind::ndjson},
    {"application/x-jsonlines", BodyKind::ndjson},
    {"application/json", BodyKind::automatic},
    {"text/plain", BodyKind::text_lines},
}};

struct CodingName {
    std::string_view name;
    Coding coding;
};
constexpr std::array<CodingName, 4> codings{{
    {"identity", Coding::identity},
    {"gzip", Coding::gzip},
    {"x-gzip", Coding::gzip},
    {"zstd", Coding::zstd},
}};

// The value without parameters and blanks, in lower case.
std::string plain(std::string_view value) {
    return ascii::lowered(ascii::trimmed(value.substr(0, value.find(';')), ascii::is_blank));
}

http::Response unknown(std::string_view code, std::string_view title, std::string_view member,
                       boost::json::array known) {
    return http::Response::problem(415, code, title, {},
                                   boost::json::object{{member, std::move(known)}});
}

std::string joined(const boost::json::array& names) {
    std::string out;
    for (const boost::json::value& name : names) {
        if (!out.empty()) out += ", ";
        out += std::string_view(name.as_string());
    }
    return out;
}

std::optional<Media> lines_media(const std::string& type) {
    Media media;
    if (type.empty()) return media;
    const auto* found = std::ranges::find(types, type, &Type::name);
    if (found == types.end()) return std::nullopt;
    media.kind = found->kind;
    return media;
}

std::optional<Media> otlp_media(const std::string& type) {
    Media media;
    media.protocol = type == protobuf ? Batch::Protocol::otlp_protobuf : Batch::Protocol::otlp_json;
    if (type != protobuf && type != "application/json") return std::nullopt;
    return media;
}

}  // namespace

boost::json::array known_types() {
    boost::json::array out;
    for (const Type& type : types) out.emplace_back(type.name);
    return out;
}

boost::json::array known_codings() {
    boost::json::array out;
    for (const CodingName& coding : codings)
        if (coding.name != "x-gzip") out.emplace_back(coding.name);
    return out;
}

bool says_protobuf(const http::Request& request) {
    return plain(request.header("content-type").value_or("")) == protobuf;
}

std::expected<Media, http::Response> read_media(const http::Request& request, bool otlp) {
    const std::string type = plain(request.header("content-type").value_or(""));
    std::optional<Media> media = otlp ? otlp_media(type) : lines_media(type);
    if (!media) {
        boost::json::array known =
            otlp ? boost::json::array{"application/json", protobuf} : known_types();
        const std::string accept = joined(known);
        return std::unexpected(unknown("unknown_type", "This Content-Type is not known",
                                       "content_types", std::move(known))
                                   .with("Accept", accept));
    }
    const std::string name = plain(request.header("content-encoding").value_or("identity"));
    const auto* coding = std::ranges::find(codings, name, &CodingName::name);
    if (coding == codings.end())
        return std::unexpected(unknown("unknown_coding", "This Content-Encoding is not known",
                                       "content_codings", known_codings())
                                   .with("Accept-Encoding", joined(known_codings())));
    media->coding = coding->coding;
    return *media;
}

}  // namespace ingest
