#pragma once

#include "base/assert.hpp"
#include "journal/model_file_system.hpp"
#include "journal/reader.hpp"
#include "journal/recovery.hpp"
#include "journal/writer.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace journal::test {

inline constexpr std::uint64_t small_segment = 16 * 1024;

inline base::WallTime fixed_now() {
    return base::wall_time(1'700'000'000'000'000);
}

/// A Writer without its thread on a model disk: what the tests of failures drive step by step.
class Bed {
public:
    struct Options {
        std::uint64_t quota_segments = 8;
        Lsn known_position = 0;
        std::uint64_t segment_bytes = small_segment;
        std::uint64_t ballast_bytes = 0;
        std::uint64_t retain_bytes = 0;
    };
    explicit Bed(FileSystem& files, std::uint64_t quota_segments = 8, Lsn known_position = 0)
        : Bed(files, Options{quota_segments, known_position}) {}
    Bed(FileSystem& files, const Options& chosen) {
        const std::filesystem::path folder = "/journal";
        Io<Mark> mark = Mark::open(files, folder / "mark");
        if (!mark) {
            error = base::Error{base::Fault::unavailable, "mark: " + mark.error().message()};
            return;
        }
        base::Result<Recovered> recovered = recover(
            files,
            {folder, chosen.segment_bytes, std::max(mark->durable(), chosen.known_position)});
        if (!recovered) {
            error = recovered.error();
            return;
        }
        index = std::make_shared<Index>(std::move(recovered->rows), recovered->end,
                                        std::move(recovered->damage));
        Writer::Options options;
        options.folder = folder;
        options.segment_bytes = chosen.segment_bytes;
        options.quota_bytes = chosen.quota_segments * chosen.segment_bytes;
        options.retain_bytes = chosen.retain_bytes;
        options.retain_age = std::chrono::hours(6);
        options.ballast_bytes = chosen.ballast_bytes;
        options.now = fixed_now;
        writer.emplace(files, options, index, *recovered, std::move(*mark), Probe());
    }

    /// Blocks of these texts as one group.
    base::Result<Lsn> write(const std::vector<std::string>& texts) {
        std::vector<Encoded> encoded;
        for (const std::string& text : texts) encoded.push_back(encoded_of(text));
        std::vector<const Encoded*> pointers;
        for (const Encoded& one : encoded) pointers.push_back(&one);
        return writer->write(pointers, now);
    }

    static Encoded encoded_of(const std::string& text) {
        Block block;
        block.source = "s";
        block.records = 1;
        block.received = fixed_now();
        block.lines = text;
        return encode(block).value();
    }

    /// A rewrite from its begin to its end.
    base::Result<Rewritten> rewrite(Lsn below, Change change) {
        writer->begin_rewrite(below, std::move(change));
        std::optional<base::Result<Rewritten>> outcome;
        while (!outcome) outcome = writer->rewrite_some();
        return *std::move(outcome);
    }

    void tick() {
        now += std::chrono::milliseconds(600);
        writer->tick(now);
    }

    [[nodiscard]] std::vector<std::pair<Lsn, std::string>> read_all(Lsn from = 0) const {
        std::vector<std::pair<Lsn, std::string>> out;
        Reader reader(index, from);
        Entry entry;
        while (true) {
            const base::Result<bool> found = reader.next(entry);
            BASE_ASSERT(found.has_value());  // no test of these makes reading fail
            if (!*found) return out;
            out.emplace_back(entry.lsn, entry.block.lines);
        }
    }

    std::optional<base::Error> error;
    std::shared_ptr<Index> index;
    std::optional<Writer> writer;
    Writer::Steady now{std::chrono::hours(1)};
};

}  // namespace journal::test
