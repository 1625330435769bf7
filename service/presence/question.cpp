#include "presence/question.hpp"

#include "registry/row_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <chrono>

namespace presence {
namespace {

namespace json = boost::json;

constexpr std::chrono::days usual_period{30};
constexpr std::chrono::days longest_period{3660};
constexpr std::size_t longest_case = 200;

base::Result<base::EventTime> time_of(std::string_view name, const json::value& value) {
    const auto* text = value.if_string();
    const auto time = text ? registry::parse_time(*text) : std::nullopt;
    if (time) return *time;
    return base::fail(
        base::Fault::invalid,
        std::string(name) + ": give a time with its zone, such as 2026-01-31T00:00:00Z, or a date");
}

base::Result<std::vector<Clue>> clues_of(const json::value& value) {
    const auto* array = value.if_array();
    if (!array) return base::fail(base::Fault::invalid, "clues: give a list");
    std::vector<Clue> out;
    for (const auto& each : *array) {
        const auto* object = each.if_object();
        const auto* type = object ? object->if_contains("type") : nullptr;
        const auto* text = object ? object->if_contains("value") : nullptr;
        const bool texts = type && text && type->is_string() && text->is_string();
        if (!texts || object->size() != 2) {
            return base::fail(base::Fault::invalid,
                              "clues: each has two members, both text: type and value");
        }
        const auto kind = kind_of(type->get_string());
        if (!kind) return std::unexpected(parse_clue("").error());
        auto clue = make_clue(*kind, text->get_string());
        if (!clue) return std::unexpected(clue.error());
        out.push_back(std::move(*clue));
    }
    return out;
}

}  // namespace

base::Result<void> complete(Question& question, bool has_from, bool has_to,
                            base::EventTime newest) {
    if (question.clues.empty() || question.clues.size() > most_clues) {
        return base::fail(base::Fault::invalid, "clues: give one to 64");
    }
    if (question.case_ref.empty() || question.case_ref.size() > longest_case) {
        return base::fail(base::Fault::invalid,
                          "case: name the case that needs the answer, at most 200 bytes");
    }
    // What came later was not known then.
    if (!has_to) question.to = question.as_of ? std::min(newest, *question.as_of) : newest;
    if (!has_from) question.from = question.to - usual_period;
    if (question.as_of && question.to > *question.as_of) {
        return base::fail(base::Fault::invalid, "to: not after as_of, when it was not known yet");
    }
    if (question.from >= question.to || question.to - question.from > longest_period) {
        return base::fail(base::Fault::invalid,
                          "from, to: a period of at most ten years that ends after it begins");
    }
    return {};
}

base::Result<Question> read_question(const json::value& body, std::string_view asked_by,
                                     const NewestAsOf& newest_of) {
    const auto* object = body.if_object();
    if (!object) return base::fail(base::Fault::invalid, "send one JSON object");
    Question out;
    out.asked_by = asked_by;
    for (const auto& [name, value] : *object) {
        if (name == "clues") {
            auto clues = clues_of(value);
            if (!clues) return std::unexpected(clues.error());
            out.clues = std::move(*clues);
        } else if (name == "case" && value.is_string()) {
            out.case_ref = value.get_string();
        } else if (name == "from" || name == "to" || name == "as_of") {
            const auto time = time_of(name, value);
            if (!time) return std::unexpected(time.error());
            if (name == "from") out.from = *time;
            if (name == "to") out.to = *time;
            if (name == "as_of") out.as_of = *time;
        } else {
            return base::fail(base::Fault::invalid, "known members: clues, case, from, to, as_of");
        }
    }
    const auto newest = object->contains("to") ? out.to : newest_of(out.as_of);
    if (!newest) return std::unexpected(newest.error());
    auto whole = complete(out, object->contains("from"), object->contains("to"), *newest);
    if (!whole) return std::unexpected(whole.error());
    return out;
}

}  // namespace presence
