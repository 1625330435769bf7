#pragma once

#include "http/request.hpp"
#include "http/response.hpp"
#include "ingest/work.hpp"

#include <boost/json/array.hpp>

#include <expected>

namespace ingest {

/// What Content-Type and Content-Encoding say of a body.
struct Media {
    decode::BodyKind kind = decode::BodyKind::automatic;
    Batch::Protocol protocol = Batch::Protocol::lines;
    Coding coding = Coding::identity;
};

/// 415 with the known ones for anything else, including two codings one upon the other. A missing
/// Content-Type leaves it to the body; OTLP needs one.
[[nodiscard]] std::expected<Media, http::Response> read_media(const http::Request& request,
                                                              bool otlp);
[[nodiscard]] bool says_protobuf(const http::Request& request);

[[nodiscard]] boost::json::array known_types();
[[nodiscard]] boost::json::array known_codings();

}  // namespace ingest
