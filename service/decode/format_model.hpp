#pragma once

#include "call/field.hpp"
#include "decode/formats.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace decode {

/// What a format file may give as a value.
using Constant = std::variant<std::int64_t, bool, std::string>;

/// One thing asked of one path of a record.
struct Condition {
    enum class Kind : std::uint8_t { present, absent, equals, prefix };
    std::string path;
    Kind kind = Kind::present;
    std::vector<std::string> texts;  ///< For equals and prefix: one of these.
};

/// All of them must hold.
using Conditions = std::vector<Condition>;

/// One change on the way from the record to the field. A step that does not apply drops the value,
/// and the next alternative is tried.
struct Step {
    enum class Kind : std::uint8_t {
        lower,
        upper,
        address,       ///< Keeps addresses, normalised, without port and brackets.
        not_address,   ///< Keeps what is no address.
        addresses,     ///< Comma-separated addresses to a list of them.
        port,          ///< The port of address:port.
        first,         ///< What stands before the first comma.
        last_segment,  ///< What stands behind the last slash.
        percent_decode,
        http_outcome,  ///< 1 below status 400, else 2.
        after,         ///< What stands behind `text`, in any case of letters.
        before,        ///< What stands before `text`, or all.
        starts,        ///< Keeps values that start with `text`.
        times,         ///< Multiplies by `factor`.
        map,           ///< `table` of whole values; "*" for all others.
        prefixes,      ///< `table` of prefixes, the longest wins; "*" for all others.
    };
    Kind kind = Kind::lower;
    std::string text;
    double factor = 1;
    std::map<std::string, Constant, std::less<>> table;
};

/// One way to fill a field.
struct Alternative {
    std::vector<std::string> from;     ///< Paths: one, or several to be joined.
    std::string with;                  ///< Between joined values.
    std::optional<Constant> constant;  ///< Instead of `from`.
    std::vector<Step> steps;
    Conditions when;
};

/// How a field is filled: by the first alternative that gives a value.
struct Mapping {
    call::Field field{};
    std::vector<Alternative> alternatives;
};

/// How a record is taken out of what it was delivered in.
struct Unwrap {
    enum class Kind : std::uint8_t { list, object, json, base64 };
    Kind kind = Kind::list;
    std::string path;  ///< Where the content is.
    Conditions when;
};

/// A format file, read and checked.
struct FormatModel {
    enum class Lines : std::uint8_t { json, access };
    enum class Spelling : std::uint8_t { lower, snake, pascal };

    std::string name, title;
    LogSource log_source;
    Lines lines = Lines::json;
    bool is_auto = false;
    bool maps_nothing = false;   ///< The built-in `json`: facts too come from the record.
    bool x_escapes = false;      ///< \xNN inside strings is tolerated.
    bool time_may_miss = false;  ///< The arrival time stands in for a missing time.
    std::vector<Spelling>
        spellings;  ///< Other spellings of keys that mapped paths are found under.
    std::vector<std::string> unknown;      ///< Texts that mean "not known" in mapped fields.
    std::vector<std::string> nested_json;  ///< Paths whose texts may be JSON.
    std::vector<std::string> time;  ///< Paths of the event time; the first present one counts.
    std::vector<Unwrap> unwraps;
    std::vector<Conditions> set_aside;    ///< What is no API call; any of them.
    std::vector<Conditions> detect;       ///< What `auto` knows the format by; any of them.
    std::vector<std::string> keep, hash;  ///< See Scrubber::Names.
    std::vector<Mapping> mappings;
};

}  // namespace decode
