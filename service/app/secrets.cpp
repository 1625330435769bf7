#include "app/secrets.hpp"

#include "app/files.hpp"
#include "base/digest.hpp"
#include "base/kill_point.hpp"

#include <cstring>

namespace app {
namespace {

constexpr std::size_t master_bytes = 32;

}  // namespace

base::Result<Secrets> Secrets::open(const std::filesystem::path& data_dir) {
    const auto path = data_dir / "secret.key";
    auto master = read_file(path, master_bytes);
    if (!master) return std::unexpected(master.error());
    if (master->size() != master_bytes) {
        return base::fail(
            base::Fault::invalid,
            path.string() + ": must hold exactly 32 bytes; restore it from the backup");
    }
    return Secrets(std::move(*master));
}

base::Result<Secrets> Secrets::open_or_make(const std::filesystem::path& data_dir) {
    auto there = open(data_dir);
    if (there || there.error().fault != base::Fault::not_found) return there;
    std::string fresh(master_bytes, '\0');
    base::random_bytes({reinterpret_cast<std::uint8_t*>(fresh.data()), fresh.size()});
    BASE_KILL_POINT("app.secret.write.before");
    if (auto written = write_secret(data_dir / "secret.key", fresh); !written)
        return std::unexpected(written.error());
    BASE_KILL_POINT("app.secret.write.after");
    return Secrets(std::move(fresh));
}

std::string Secrets::key(std::string_view purpose) const {
    const auto digest = base::hmac_sha256(master_, purpose);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::uint64_t Secrets::seed(std::string_view purpose) const {
    std::uint64_t out = 0;
    std::memcpy(&out, key(purpose).data(), sizeof out);
    return out;
}

registry::KeyHasher key_hasher(const Secrets& secrets) {
    return {secrets.key("key-index"), secrets.key("scrub")};
}

}  // namespace app
