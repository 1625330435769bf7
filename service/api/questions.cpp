#include "api/questions.hpp"

#include "api/json.hpp"
#include "presence/question.hpp"
#include "presence/record.hpp"
#include "store/presence_source.hpp"

#include <boost/json/parse.hpp>

namespace api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t question_bytes = 256 * 1024;

base::Result<presence::View> view_of(const http::Request& request) {
    const auto asked = request.query("view").value_or("full");
    for (const auto view :
         {presence::View::full, presence::View::pseudonymous, presence::View::press}) {
        if (presence::name(view) == asked) return view;
    }
    return base::fail(base::Fault::invalid, "view is full, pseudonymous or press");
}

http::Response with_record(unsigned status, const store::StoredAnswer& answer,
                           presence::View view) {
    // The whole record goes out as the bytes that were signed.
    if (view == presence::View::full) return http::Response::text(status, answer.record, json_type);
    return http::Response::text(
        status, presence::canonical(presence::render(record_of(answer), view)), json_type);
}

base::Result<store::StoredAnswer> answer_body(store::Session& session, const json::value& body,
                                              const std::string& asker,
                                              const Answering& answering) {
    auto question = presence::read_question(
        body, asker, [&](const auto& as_of) { return store::newest_event(session, as_of); });
    if (!question) return std::unexpected(question.error());
    return ask(session, std::move(*question), answering, base::WallClock::now(),
               answering.per_hour);
}

struct Routes {
    Database& database;
    std::shared_ptr<const Answering> answering;

    asio::awaitable<http::Response> post(http::Request& request) const {
        const auto body = co_await request.read_body(question_bytes);
        if (!body) co_return http::Response::problem(body.error());
        boost::system::error_code fault;
        const auto parsed = json::parse(*body, fault);
        if (fault) {
            co_return http::Response::problem({base::Fault::invalid, "send one JSON object"});
        }
        const auto answer = co_await database.run([parsed, asker = ingest::caller(request).name,
                                                   shared = answering](store::Session& session) {
            return answer_body(session, parsed, asker, *shared);
        });
        if (!answer) co_return http::Response::problem(answer.error());
        co_return with_record(201, *answer, presence::View::full)
            .with("Location", "/v1/answers/" + answer->id);
    }

    asio::awaitable<http::Response> get(http::Request& request) const {
        const auto view = view_of(request);
        if (!view) co_return http::Response::problem(view.error());
        const auto answer = co_await database.run(
            [id = std::string(request.parameter("id")), asker = ingest::caller(request).name](
                store::Session& session) { return store::Answers(session).show(id, asker); });
        if (!answer) co_return http::Response::problem(answer.error());
        co_return with_record(200, *answer, *view);
    }
};

}  // namespace

void add_question_routes(http::Router& router, Database& database, ingest::Door& door,
                         std::shared_ptr<const Answering> answering) {
    const auto routes = std::make_shared<const Routes>(Routes{database, std::move(answering)});
    router.add("POST", "/v1/questions", door.needs(ingest::scope_ask),
               [routes](http::Request& request) { return routes->post(request); });
    router.add("GET", "/v1/answers/{id}", door.needs(ingest::scope_ask),
               [routes](http::Request& request) { return routes->get(request); });
}

}  // namespace api
