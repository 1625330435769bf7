#include "presence/record.hpp"

#include "presence/words.hpp"

#include <boost/json/array.hpp>

#include <cstdio>

namespace presence {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
    if (const auto* text = value.if_string()) return std::string(*text);
    if (value.is_null()) return "-";
    return canonical(value);
}

/// Breaks at blanks so that lines stay below 100 columns.
std::string wrapped(std::string_view text, std::size_t indent) {
    std::string out;
    std::size_t column = indent;
    while (!text.empty()) {
        const auto blank = std::min(text.find(' '), text.size());
        if (column > indent && column + blank > 98) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        }
        out.append(text.substr(0, blank)).append(" ");
        column += blank + 1;
        text.remove_prefix(std::min(blank + 1, text.size()));
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

void list(std::string& out, const char* title, const json::value* lines) {
    if (lines == nullptr || lines->as_array().empty()) return;
    out.append("\n").append(title).append("\n");
    for (const auto& line : lines->as_array()) {
        out.append("  - ").append(wrapped(text_of(line), 4)).append("\n");
    }
}

void candidate(std::string& out, const json::object& each) {
    out += "\n  tenant " + text_of(each.at("tenant")) + "   p = " + text_of(each.at("posterior")) +
           "\n";
    char line[160];
    std::snprintf(line, sizeof line, "    %8s  prior\n", text_of(each.at("prior_nats")).c_str());
    out += line;
    for (const auto& evidence : each.at("evidence").as_array()) {
        std::snprintf(line, sizeof line, "    %+8.2f  %-11s",
                      evidence.at("nats").to_number<double>(),
                      text_of(evidence.at("group")).c_str());
        out += line + text_of(evidence.at("text")) + "\n";
    }
    for (const auto& against : each.at("counter_evidence").as_array()) {
        out += "     against  " + text_of(against) + "\n";
    }
    for (const auto& persona : each.at("personas").as_array()) {
        out += "    key " + text_of(persona.at("key")) + " from " + text_of(persona.at("address")) +
               " " + text_of(persona.at("as_name")) + " with " + text_of(persona.at("client")) +
               ": " + count_of(persona.at("calls").to_number<std::uint64_t>(), "call") + ", " +
               text_of(persona.at("first")) + " to " + text_of(persona.at("last")) + "\n";
    }
    for (const auto& use : each.at("operations").as_array()) {
        out += "    " + text_of(use.at("operation")) + ": " +
               count_of(use.at("worked").to_number<std::uint64_t>(), "call") + " worked, licence " +
               text_of(use.at("licence_now")) + "\n";
    }
}

std::string coverage_line(const json::value& coverage) {
    if (coverage.at("lower95").to_number<double>() == 0) {
        return "\nCoverage  not known: nothing says what should have come\n";
    }
    return "\nCoverage  " + percent(coverage.at("logged_share").to_number<double>()) +
           " of what is known to have been called, at least " +
           percent(coverage.at("lower95").to_number<double>()) + "\n";
}

}  // namespace

std::string to_text(const json::object& record) {
    std::string out;
    out += "use       " + text_of(record.at("use")) +
           "   (p = " + text_of(record.at("confidence")) + ")\n";
    const auto& licence = record.at("licence");
    out += "licence   " + text_of(licence.at("known_now")) +
           "   (as known then: " + text_of(licence.at("known_then")) + ")\n";
    out += "period    " + text_of(record.at("window").at("from")) + " to " +
           text_of(record.at("window").at("to")) + "\n";
    if (const auto* id = record.if_contains("query_id")) out += "answer    " + text_of(*id) + "\n";
    out += "\n" + wrapped(text_of(record.at("statement")), 0) + "\n";
    if (const auto* candidates = record.if_contains("candidates");
        candidates && !candidates->as_array().empty()) {
        out += "\nEvidence (nats)\n";
        for (const auto& each : candidates->as_array()) candidate(out, each.as_object());
    }
    list(out, "Why", record.if_contains("because"));
    list(out, "Licence", record.at("licence").as_object().if_contains("reasons"));
    list(out, "Near misses", record.if_contains("near_misses"));
    list(out, "What would change it", record.if_contains("would_change_it"));
    const auto& coverage = record.at("coverage");
    const auto& power = record.at("power");
    out += coverage_line(coverage);
    const auto& n95 = power.at("n95");
    if (!n95.at("r=1").is_null())
        out += "Power     sessions seen with 95 %: " + text_of(n95.at("r=1")) +
               "; if half show the clue " + text_of(n95.at("r=0.5")) + ", if a tenth " +
               text_of(n95.at("r=0.1")) + "\n";
    list(out, "Limits", record.if_contains("limits"));
    return out;
}

}  // namespace presence
