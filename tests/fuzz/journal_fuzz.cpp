// Recovery of a journal whose segment holds anything: no crash, no endless loop, and what is read
// afterwards was written with its checksums. The first byte chooses what the rest is: a payload, a
// whole segment, or changes (offset, byte) to a good one.
#include "journal/block.hpp"
#include "journal/bytes.hpp"
#include "journal/recovery.hpp"

#include "journal/bed.hpp"
#include "journal/model_file_system.cpp"  // not linked otherwise

#include "base/assert.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace {

using journal::test::Bed;
using journal::test::ModelFileSystem;

std::map<std::string, std::string> healthy() {
    ModelFileSystem files(1);
    Bed bed(files);
    for (int i = 0; i < 20; ++i)
        BASE_ASSERT(bed.write({"block " + std::to_string(i), "more"}).has_value());
    bed.writer->close();
    return files.contents();
}

void open(const std::map<std::string, std::string>& contents, bool ours) {
    ModelFileSystem files(1);
    for (const auto& [name, bytes] : contents) files.put(name, bytes);
    Bed bed(files);
    if (bed.error) return;
    for (const auto& [lsn, text] : bed.read_all())
        BASE_ASSERT(!ours || text == "more" || text == "block " + std::to_string((lsn - 1) / 2));
    const base::Result<journal::Lsn> next = bed.write({"after"});
    BASE_ASSERT(next.has_value());
    BASE_ASSERT(bed.read_all().back().second == "after");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
    static const std::map<std::string, std::string> good = healthy();
    const std::string name = journal::segment_name(1);
    if (data[0] % 3 == 0) {
        journal::Block block;
        static_cast<void>(journal::decode(input, block));
    } else if (data[0] % 3 == 1) {
        open({{name, std::string(input)}}, false);
    } else {
        std::map<std::string, std::string> changed = good;
        std::string& bytes = changed.at(name);
        std::uint16_t at = 0;
        char value = 0;
        while (journal::take(input, at) && journal::take(input, value))
            if (at < bytes.size()) bytes[at] = value;
        open(changed, true);
    }
    return 0;
}
