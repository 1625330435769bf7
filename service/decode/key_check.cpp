#include "decode/json_parser.hpp"
#include "decode/path_trie.hpp"

#include <array>
#include <vector>

namespace decode {
namespace {

/// Walks all objects of a record. A filter of 256 bits an object says for nearly every key that it
/// was not seen before; only where it cannot tell, the keys are compared.
class KeyCheck {
public:
    KeyCheck(const Tape& tape, std::uint32_t max_keys) : tape_(tape), left_(max_keys) {}

    std::optional<RejectCode> value(std::size_t at) {
        switch (tape_.type(at)) {
            case '{':
                return object(at);
            case '[':
                return array(at);
            default:
                return {};
        }
    }

private:
    static std::size_t hash(std::string_view key) {
        const KeySignature signature = KeySignature::of_tape(key);
        const std::uint64_t mixed =
            (signature.head ^ (signature.tail * 0x9e37'79b9'7f4a'7c15u) ^ signature.size) *
            0xff51'afd7'ed55'8ccdu;
        return static_cast<std::size_t>(mixed >> 56);
    }

    bool seen_before(std::size_t object_at, std::size_t key_at) const {
        const std::string_view key = tape_.text(key_at);
        for (std::size_t at = object_at + 1; at < key_at; at = tape_.next(at + 1)) {
            if (tape_.text(at) == key) return true;
        }
        return false;
    }

    std::optional<RejectCode> object(std::size_t object_at) {
        std::array<std::uint64_t, 4> filter{};
        const std::size_t end = tape_.close(object_at);
        for (std::size_t at = object_at + 1; at < end;) {
            if (left_ == 0) return RejectCode::too_many_keys;
            --left_;
            const std::size_t bit = hash(tape_.text(at));
            std::uint64_t& word = filter.data()[bit >> 6];
            const std::uint64_t mask = std::uint64_t{1} << (bit & 63);
            if ((word & mask) != 0 && seen_before(object_at, at)) return RejectCode::duplicate_key;
            word |= mask;
            const std::size_t value_at = at + 1;
            const char type = tape_.type(value_at);
            if (type == '{' || type == '[') {
                if (const auto code = value(value_at)) return code;
            }
            at = tape_.next(value_at);
        }
        return {};
    }

    std::optional<RejectCode> array(std::size_t array_at) {
        const std::size_t end = tape_.close(array_at);
        for (std::size_t at = array_at + 1; at < end; at = tape_.next(at)) {
            if (const auto code = value(at)) return code;
        }
        return {};
    }

    const Tape& tape_;
    std::uint32_t left_;
};

}  // namespace

std::optional<RejectCode> check_keys(const Tape& tape, std::uint32_t max_keys) {
    return KeyCheck(tape, max_keys).value(Tape::root);
}

}  // namespace decode
