#pragma once

#include <string_view>

/// Control blocks: what else evaluation depends on stands in the journal among the records, so that
/// a replay sees it at the same place. Their format is `control`, and each line is a verb with its
/// text. A verb that a version does not know is skipped.
namespace journal::control {

inline constexpr std::string_view format = "control";
inline constexpr std::string_view idle = "idle ";  ///< + a source: it holds nothing back.
/// The block's source sent an empty batch.
inline constexpr std::string_view heartbeat = "heartbeat";
/// + numbers, a blank and a producer: what the batch that the block ends was numbered with.
inline constexpr std::string_view sequence = "sequence ";
inline constexpr std::string_view still = "still";  ///< Nothing has come for a while.
/// + the digest of a rule, which is not tried from here on: it costs too much.
inline constexpr std::string_view suspend = "suspend ";
inline constexpr std::string_view resume = "resume ";  ///< + its digest: it is tried again.

}  // namespace journal::control
