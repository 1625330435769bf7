#include "healthy.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace journal::test {
namespace {

constexpr std::size_t checked_header_bytes = 68;

template <class Number>
Number number_at(const std::string& bytes, std::size_t at) {
    Number out{};
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return out;
}

Lsn first_of(const std::string& name) {
    Lsn first = 0;
    std::from_chars(name.data(), name.data() + name.size(), first);
    return first;
}

// Frames stand one behind the other; what a recycled file held before has other LSNs.
void place_frames(const std::string& name, const std::string& bytes, std::vector<Placed>& out) {
    Lsn next = first_of(name);
    Lsn group = next;
    std::size_t at = segment_header_bytes;
    while (at + frame_header_bytes <= bytes.size()) {
        const auto size = number_at<std::uint32_t>(bytes, at + 8);
        const auto lsn = number_at<Lsn>(bytes, at + 16);
        const bool commit = bytes[at + 36] == 2;
        if (bytes.compare(at, 4,
                          "\xf5"
                          "CPf") != 0 ||
            lsn != next)
            return;
        if (commit && next == group) return;
        out.push_back({name, at, at + frame_header_bytes + size, commit ? group : lsn, commit});
        if (commit)
            group = next;
        else
            ++next;
        at += (frame_header_bytes + size + 7) / 8 * 8;
    }
}

bool starts_with_header(const std::string& bytes, const std::string& sound) {
    return bytes.size() >= segment_header_bytes &&
           bytes.compare(0, checked_header_bytes, sound, 0, checked_header_bytes) == 0;
}

bool fits(const std::string& bytes, const std::string& before, const std::string& segment,
          const std::string& name, const Healthy& healthy) {
    if (first_of(name) <= first_of(segment)) return true;
    const Placed& first = *std::ranges::find(healthy.frames, segment, &Placed::file);
    return bytes.size() >= first.end && bytes.compare(first.begin, first.end - first.begin, before,
                                                      first.begin, first.end - first.begin) == 0;
}

bool same(const Placed& frame, const std::string& sound,
          const std::map<std::string, const std::string*>& by_segment) {
    const auto found = by_segment.find(frame.file);
    if (found == by_segment.end() || found->second->size() < frame.end) return false;
    return std::memcmp(found->second->data() + frame.begin, sound.data() + frame.begin,
                       frame.end - frame.begin) == 0;
}

}  // namespace

std::string Healthy::mark(Lsn durable) {
    ModelFileSystem files(1);
    Io<Mark> mark = Mark::open(files, "/journal/mark");
    BASE_ASSERT(mark.has_value() && !mark->write(durable));
    return files.contents().at("mark");
}

Healthy Healthy::make(std::uint64_t seed, std::uint64_t segment_bytes, bool recycled) {
    Healthy out;
    out.segment_bytes = segment_bytes;
    ModelFileSystem files(seed);
    ModelFileSystem::Random random(seed);
    Ledger ledger;
    std::vector<std::string> violations;
    Bed bed(files, {8, 0, segment_bytes, 0});
    std::uint64_t written = 0;
    const std::uint64_t enough = std::max<std::uint64_t>(3 * segment_bytes, 72 * 1024);
    const auto fill = [&] {
        for (written = 0; written < enough;) {
            const std::vector<std::string> texts = ledger.next(1 + random() % 4);
            for (const std::string& text : texts) written += text.size() + 100;
            ledger.acknowledge(bed.write(texts).value(), texts.size(), violations);
        }
    };
    fill();
    out.older = files.contents();
    if (recycled) {
        bed.writer->trim(bed.index->end());
        fill();
    }
    bed.writer->close();
    out.files = files.contents();
    for (const auto& [name, bytes] : out.files) {
        if (!name.ends_with(".log")) continue;
        out.segments.push_back(name);
        place_frames(name, bytes, out.frames);
    }
    out.first = first_of(out.segments.front());
    out.end = bed.index->end();
    for (const auto& [lsn, number] : ledger.told)
        if (lsn >= out.first) out.texts.emplace(lsn, Ledger::text(number));
    return out;
}

Expected expected_of(const Healthy& healthy, const Files& changed, Lsn mark, Lsn known_position) {
    // Which file holds which segment now, by the header; the name decides nothing.
    std::map<std::string, const std::string*> by_segment;
    Lsn oldest = healthy.end;  // first LSN of anything that is left, or was a segment by its name
    for (const auto& [name, bytes] : changed) {
        if (!name.ends_with(".log")) continue;
        bool sound = false;
        for (const std::string& segment : healthy.segments) {
            const std::string& before = healthy.files.at(segment);
            if (!starts_with_header(bytes, before)) continue;
            // A header at an older file's front is that of a segment it became; at a newer one's it
            // is believed when its own frames follow. The file of the right name goes first.
            if (name != segment && !fits(bytes, before, segment, name, healthy)) continue;
            const auto right = changed.find(segment);
            if (name != segment && right != changed.end() &&
                starts_with_header(right->second, before))
                continue;
            by_segment[segment] = &bytes;
            oldest = std::min(oldest, first_of(segment));
            sound = true;
        }
        if (!sound) oldest = std::min(oldest, first_of(name));
    }
    Lsn durable = std::max(mark, known_position);
    std::map<Lsn, bool> intact;         // of blocks
    std::map<Lsn, bool> commit_intact;  // by the group's first LSN
    for (const auto& [segment, bytes] : by_segment) durable = std::max(durable, first_of(segment));
    for (const Placed& frame : healthy.frames) {
        const bool whole = same(frame, healthy.files.at(frame.file), by_segment);
        (frame.commit ? commit_intact : intact)[frame.lsn] = whole;
        if (frame.commit && whole) durable = std::max(durable, frame.lsn);
    }
    if (changed.empty() || by_segment.empty()) oldest = std::min(oldest, healthy.end);
    Expected out;
    bool torn = false;  // from the first group at or above `durable` that is not whole
    for (auto group = commit_intact.begin(); group != commit_intact.end(); ++group) {
        const auto after = std::next(group);
        const Lsn end = after == commit_intact.end() ? healthy.end : after->first;
        bool whole = group->second;
        for (Lsn lsn = group->first; lsn < end; ++lsn) whole = whole && intact.at(lsn);
        for (Lsn lsn = group->first; lsn < end; ++lsn) {
            const bool proven = lsn < durable;
            if (!proven && !whole) torn = true;
            if (proven ? intact.at(lsn) : !torn)
                out.readable.insert(lsn);
            else if (proven && lsn >= oldest)
                out.lost.insert(lsn);
        }
    }
    for (Lsn lsn = healthy.end; lsn < durable; ++lsn) out.lost.insert(lsn);
    return out;
}

}  // namespace journal::test
