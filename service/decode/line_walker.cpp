#include "decode/line_walker.hpp"

#include <utility>

namespace decode {
namespace {

constexpr std::string_view blanks = " \t\r\n";
std::uint32_t hash_of(const KeySignature& key) {
    const std::uint64_t mixed =
        (key.head ^ (key.tail * 0x9e37'79b9'7f4a'7c15u) ^ key.size) * 0xff51'afd7'ed55'8ccdu;
    return static_cast<std::uint32_t>(mixed >> 32);
}

}  // namespace

bool LineWalker::walk(std::string_view text) {
    if (left_ > 0) [[unlikely]] {
        --left_;
        return false;
    }
    const bool took = taken(text);
    weigh();
    return took;
}

/// Where an eighth of the keys is new each time, expecting keys costs more than it saves: then most
/// records are left to the parser, and a few tell whether that has changed.
void LineWalker::weigh() {
    constexpr std::uint32_t enough = 16;
    constexpr std::uint32_t records_left = 256;
    if (strange_ * 8 <= keys_) {
        if (in_vain_ > 0) --in_vain_;
    } else if (++in_vain_ == enough) {
        in_vain_ = enough / 2;
        left_ = records_left;
    }
}

bool LineWalker::taken(std::string_view text) {
    keys_ = 0;
    strange_ = 0;
    LineIndex::Parts parts;
    if (!index_.find(text, parts)) return false;
    base_ = parts.base;
    end_ = parts.end;
    escape_ = parts.escape;
    text_end_ = text.data() + text.size();
    depth_ = 0;
    looked_back_ = 0;
    if (escape_ < text_end_) {
        // A string is never longer unescaped, and is written a vector at a time.
        if (unescaped_.size() < text.size() + LineIndex::padding)
            unescaped_.resize(text.size() + LineIndex::padding);
        unescaped_end_ = unescaped_.data();
    }
    const auto start = static_cast<std::uint32_t>(text.data() - base_);
    const auto stop = start + text.size();
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos || text[first] != '{') return false;
    if (parts.first == end_ || *parts.first != start + first) return false;
    walker_.reset();
    shapes_.refresh();
    const Part behind = object(parts.first + 1, Shapes::root, &trie_.root());
    // All parts ascend: where the last bracket is in the text and nothing follows, all were.
    if (behind == nullptr || behind[-1] >= stop || (behind != end_ && *behind < stop)) return false;
    index_.passed(behind);
    return keys_ <= limits_.max_keys;
}

/// `at` is the part behind the bracket.
LineWalker::Part LineWalker::object(Part at, Shapes::Id shape, const Node* node) {
    // What the loop needs stands in locals: through `this` it would be read again for each key.
    const char* const base = base_;
    const Part end = end_;
    if (at == end) return nullptr;
    if (base[*at] == '}') return at + 1;
    // The parser's bound, which counts what is not empty.
    if (++depth_ >= limits_.max_depth) return nullptr;
    Object here{.first = at, .node = node, .shape = shape};
    auto members = shapes_.members(shape);
    const Shapes::Member* next = members.data();
    const Shapes::Member* last = next + members.size();
    for (std::uint32_t keys = 1;; ++keys) {
        // Key, colon, value and what follows: none of them looks further.
        if (end - at < 4) [[unlikely]]
            return nullptr;
        auto match = Shapes::Member::no;
        const Shapes::Member* key = next;
        // Optional fields are left out: a few more are tried before the key is looked up.
        const Shapes::Member* const near = last - next > near_keys ? next + near_keys : last;
        for (; key != near; ++key) {
            match = key->match(base + *at);
            if (match != Shapes::Member::no) [[likely]]
                break;
        }
        if (match == Shapes::Member::no) [[unlikely]] {
            here.expected = static_cast<std::size_t>(next - members.data());
            key = unexpected(at, here);
            if (key == nullptr) return nullptr;
            members = shapes_.members(shape);
            next = members.data() + here.expected;
            last = members.data() + members.size();
        } else {
            next = key + 1;
            // Where keys came out of order, each must be shown to be distinct.
            if (!here.ordered) [[unlikely]] {
                const std::string_view text(base + *at + 1, key->size - std::size_t{4});
                if (!distinct(at, here, text, key->hash)) return nullptr;
            }
        }
        // The index is of strings that end and hold valid bytes: one that is not wanted needs no
        // look. Where the pattern stands, so do its parts.
        const char* const behind = base + at[3];
        if (match == Shapes::Member::with_string && behind <= escape_ && key->cell != no_cell &&
            behind[-1] == '"') [[likely]] {
            if (key->cell != Shapes::Member::nowhere) {
                const char* start = base + *at + key->size;
                const auto size = static_cast<std::size_t>(behind - 1 - start);
                walker_.put(key->cell, std::string_view(start, size));
            }
            at += 3;
        } else {
            if (base[at[1]] != ':') return nullptr;
            at = other(at + 2, shape, *key);
            if (at == nullptr || at == end) return nullptr;
        }
        const char separator = base[*at++];
        if (separator == ',') [[likely]]
            continue;
        if (separator != '}') return nullptr;
        --depth_;
        keys_ += keys;
        return at;
    }
}

/// Any value behind a key.
LineWalker::Part LineWalker::other(Part at, Shapes::Id shape, const Shapes::Member& key) {
    const Node* node = key.node;
    const char first = first_of(at);
    const Shapes::Id inside =
        first == '{' || first == '[' ? shapes_.behind(shape, key) : Shapes::none;
    if (key.is_path) [[likely]]
        return value(at, inside, node);
    // Whether the rest of a path counts depends on keys that may be still to come.
    if (shape != Shapes::root) return nullptr;
    walker_.begin_whole(*node);
    at = value(at, inside, node);
    walker_.end_whole(*node);
    return at;
}

/// A key that is not the one expected: optional fields are missing, or it is a new one. Null gives
/// up.
const Shapes::Member* LineWalker::unexpected(Part at, Object& object) {
    std::string_view key;
    if (first_of(at) != '"' || first_of(at + 1) != ':' || !string_at(at, key)) return nullptr;
    if (escape_ < key.data() + key.size()) return nullptr;
    const std::uint32_t hash = hash_of(KeySignature::of_tape(key));
    if (const auto place = shapes_.find(object.shape, key, hash)) {
        const bool forward = object.ordered && *place >= object.expected;
        if (!forward && !distinct(at, object, key, hash)) return nullptr;
        object.expected = *place + 1;
        return &shapes_.members(object.shape)[*place];
    }
    const bool worth = shapes_.worth(object.shape, key, hash);
    // While all keys before it are the shape's, a key that is not the shape's is none of them.
    if (!(worth && object.ordered) && !distinct(at, object, key, hash)) return nullptr;
    const auto* edge = object.node != nullptr ? trie_.find(*object.node, key) : nullptr;
    if (!worth) {
        ++strange_;
        // Most of such keys are not wanted, and then all of this is as it was.
        passing_.node = edge != nullptr ? &trie_.node(edge->target) : nullptr;
        passing_.is_path = edge == nullptr || edge->segment == 0;
        return &passing_;
    }
    Shapes::Member made{.hash = hash};
    if (edge != nullptr) {
        made.node = &trie_.node(edge->target);
        made.is_path = edge->segment == 0;
        const bool walked = made.node->json && made.node->has_children;
        if (made.is_path && !made.node->has_more && !walked) {
            made.cell = made.node->cell == no_cell ? Shapes::Member::nowhere : made.node->cell;
        }
    } else {
        made.cell = Shapes::Member::nowhere;
    }
    shapes_.learn(object.shape, object.expected, key, made);
    return &shapes_.members(object.shape)[object.expected++];
}

/// Whether the object had no such key so far. A filter of 256 bits says so for nearly every key;
/// only where it cannot tell, the keys are compared.
bool LineWalker::distinct(Part at, Object& object, std::string_view key, std::uint32_t hash) {
    auto& seen = seen_[depth_];
    const auto noted_before = [&](std::uint32_t bits) {
        std::uint64_t& word = seen.data()[bits >> 30];
        const std::uint64_t bit = std::uint64_t{1} << ((bits >> 24) & 63);
        return (std::exchange(word, word | bit) & bit) != 0;
    };
    if (object.ordered) {
        if (looked_back_ > most_looked_back) return false;
        object.ordered = false;
        seen = {};
        each_key(object.first, at, [&](std::string_view before) {
            noted_before(hash_of(KeySignature::of_tape(before)));
        });
    }
    if (!noted_before(hash)) return true;
    if (looked_back_ > most_looked_back) return false;
    bool same = false;
    each_key(object.first, at, [&](std::string_view before) { same |= before == key; });
    return !same;
}

/// The keys of an object between two of them, all of which were walked already.
template <class Function>
void LineWalker::each_key(Part from, Part to, Function&& function) {
    looked_back_ += static_cast<std::uint32_t>(to - from);
    for (Part at = from; at < to; ++at) {  // Behind the comma.
        std::string_view key;
        string_at(at, key);
        function(key);
        std::size_t depth = 0;
        at += 2;
        do {
            const char c = first_of(at++);
            depth += c == '{' || c == '[' ? 1u : 0u;
            depth -= c == '}' || c == ']' ? 1u : 0u;
        } while (depth != 0);
    }
}

/// The part behind the value.
LineWalker::Part LineWalker::value(Part at, Shapes::Id inside, const Node* node) {
    switch (first_of(at)) {
        case '"':
            return string(at, node);
        case '{':
            if (node != nullptr) walker_.found(*node, call::Value::object());
            return object(at + 1, inside, node);
        case '[':
            return array(at + 1, inside, node);
        case 't':
        case 'f':
            return boolean(at, node);
        case 'n':
            if (!word(at, "null")) return nullptr;
            if (node != nullptr) walker_.found(*node, call::Value::null());
            return at + 1;
        default:
            return number(at, node);
    }
}

LineWalker::Part LineWalker::array(Part at, Shapes::Id inside, const Node* node) {
    if (at == end_) return nullptr;
    if (first_of(at) == ']') {
        if (node != nullptr) walker_.found_empty_array(*node);
        return at + 1;
    }
    if (++depth_ >= limits_.max_depth) return nullptr;
    for (;;) {
        if (at == end_) return nullptr;
        at = value(at, inside, node);
        if (at == nullptr || at == end_) return nullptr;
        const char behind = first_of(at++);
        if (behind == ',') continue;
        --depth_;
        return behind == ']' ? at : nullptr;
    }
}

}  // namespace decode
