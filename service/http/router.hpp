#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace http {

/// Answers one request. Runs on the connection's thread and must not block it; it may await. The
/// request outlives the coroutine. What it throws becomes a 500 and a line in the log.
using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;

/// Who may call a route. There is none by default: each route says.
struct Access {
    std::string name;  ///< "open", or what a caller must hold: what docs/reference/access.md shows.
    /// The answer to one who may not; nothing lets the request through to the handler. Called on
    /// the connection's thread, before the body is read. Empty: anybody may.
    std::function<std::optional<Response>(Request&)> check;

    static Access open() { return {"open", nullptr}; }
};

/// Which handler answers which method and path. Filled once, then only read, by any thread.
class Router {
public:
    struct Route {
        std::string method;
        std::string pattern;
        std::string access;                 ///< Name of its Access.
        Handler handler;                    ///< Behind its Access.
        std::vector<std::string> segments;  ///< "{id}" stays as it is.
    };

    /// `pattern` is an absolute path; a whole segment may be "{name}", which takes one non-empty
    /// segment of the request, percent-decoded, as parameter `name`. Literal segments are compared
    /// as sent: an escaped letter is another path. A route for GET answers HEAD too. Adding the
    /// same method and pattern twice is a bug and aborts, as does an Access without a name.
    void add(std::string_view method, std::string_view pattern, Access access, Handler handler);

    [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

    /// The outcome of a look-up: a route, or the methods that the path knows (empty: no such path).
    struct Match {
        const Route* route = nullptr;
        std::string allow;  ///< For the Allow header of a 405: "GET, HEAD, POST".
    };
    /// Fills the request's parameters when a route is found. Literal segments win over "{name}".
    [[nodiscard]] Match match(Request& request) const;

private:
    std::vector<Route> routes_;
};

}  // namespace http
