#pragma once

#include "base/result.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "ingest/tokens.hpp"

#include <functional>
#include <memory>

namespace api {

/// The tokens of this moment.
using TokenSource = std::function<std::shared_ptr<const ingest::Tokens>()>;

/// Who asks, if their token has the scope. Fails with Fault::unauthorised; nothing in the reason
/// tells an unknown token from a wrong one.
base::Result<ingest::Client> authorise(const http::Request& request, const TokenSource& tokens,
                                       ingest::Scope scope);

/// 401 without a token, 403 with one that may not.
http::Response refuse(const http::Request& request, const base::Error& error);

}  // namespace api
