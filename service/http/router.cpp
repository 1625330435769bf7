#include "http/router.hpp"

#include "base/assert.hpp"
#include "http/target.hpp"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <memory>

namespace http {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> out;
    path.remove_prefix(1);  // the leading '/'
    while (true) {
        const auto slash = path.find('/');
        out.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return out;
        path.remove_prefix(slash + 1);
    }
}

bool is_parameter(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// True when the pattern takes the path; fills the parameters.
bool takes(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
           Request::Pairs& parameters) {
    parameters.clear();
    if (pattern.size() != path.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!is_parameter(pattern[i])) {
            if (pattern[i] != path[i]) return false;
            continue;
        }
        auto value = percent_decoded(path[i]);
        if (!value || value->empty()) return false;
        parameters.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), std::move(*value));
    }
    return true;
}

/// Orders patterns: a literal segment is false, a parameter true.
std::vector<bool> shape(const Router::Route& route) {
    std::vector<bool> out;
    for (const auto& segment : route.segments) out.push_back(is_parameter(segment));
    return out;
}

bool serves(const Router::Route& route, std::string_view method) {
    return route.method == method || (method == "HEAD" && route.method == "GET");
}

std::string allowed(std::vector<std::string_view> methods) {
    if (std::ranges::find(methods, "GET") != methods.end()) methods.emplace_back("HEAD");
    std::ranges::sort(methods);
    const auto [first, last] = std::ranges::unique(methods);
    methods.erase(first, last);
    std::string out;
    for (const auto method : methods) {
        if (!out.empty()) out += ", ";
        out += method;
    }
    return out;
}

using Check = decltype(Access::check);

boost::asio::awaitable<Response> answer(const Check& check, const Handler& handler,
                                        Request& request) {
    if (auto refusal = check(request)) co_return *std::move(refusal);
    co_return co_await handler(request);
}

/// Both live in the route, longer than any request.
Handler behind(Check check, Handler handler) {
    const auto both =
        std::make_shared<const std::pair<Check, Handler>>(std::move(check), std::move(handler));
    return [both](Request& request) { return answer(both->first, both->second, request); };
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Access access,
                 Handler handler) {
    BASE_ASSERT(pattern.starts_with('/') && handler && !access.name.empty());
    for (const auto& route : routes_) {
        BASE_ASSERT(route.method != method || route.pattern != pattern);
    }
    Route route{
        std::string(method), std::string(pattern), std::move(access.name),
        access.check ? behind(std::move(access.check), std::move(handler)) : std::move(handler),
        segments_of(pattern)};
    // Literal segments first, so that the first route that takes a path is the most exact one.
    const auto place = std::ranges::upper_bound(routes_, shape(route), {}, shape);
    routes_.insert(place, std::move(route));
}

Router::Match Router::match(Request& request) const {
    const auto path = segments_of(request.path());
    std::vector<std::string_view> methods;
    Request::Pairs parameters;
    for (const auto& route : routes_) {
        if (!takes(route.segments, path, parameters)) continue;
        if (serves(route, request.method())) {
            request.parameters_ = std::move(parameters);
            return {&route, {}};
        }
        methods.push_back(route.method);
    }
    return {nullptr, allowed(std::move(methods))};
}

}  // namespace http
