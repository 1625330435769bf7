#include "deliver/attempt.hpp"

#include "base/log.hpp"
#include "deliver/signature.hpp"

#include <algorithm>

namespace deliver {
namespace {

constexpr std::size_t kept_answer_bytes = 1024;

/// What an operator sees of a stranger's answer: its start, unable to forge anything.
std::string excerpt(std::string_view body) {
    auto text = base::log::safe(body.substr(0, kept_answer_bytes));
    if (text.size() > kept_answer_bytes) {
        auto end = kept_answer_bytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
        text.resize(end);
    }
    return text;
}

}  // namespace

base::Result<http::ClientRequest> request_of(const Delivery& delivery, const Gate& gate,
                                             base::WallTime now, std::string_view user_agent) {
    const auto url = gate.check(delivery.url, delivery.insecure);
    if (!url) return std::unexpected(url.error());
    auto signed_by = signature(delivery.id, now, delivery.body, delivery.secrets);
    if (!signed_by) return std::unexpected(signed_by.error());
    http::ClientRequest request;
    request.method = "POST";
    request.url = delivery.url;
    request.headers = {{"Content-Type", delivery.content_type},
                       {"User-Agent", std::string(user_agent)},
                       {"webhook-id", delivery.id},
                       {"webhook-timestamp", timestamp(now)},
                       {"webhook-signature", std::move(*signed_by)}};
    request.body = delivery.body;
    return request;
}

Outcome outcome_of(const Delivery& delivery, const base::Result<http::ClientResponse>& answer,
                   const Schedule& schedule, base::WallTime now, double jitter) {
    Outcome out;
    out.at = now;
    std::optional<std::chrono::seconds> wish;
    if (answer) {
        out.http_status = answer->status;
        out.answer = excerpt(answer->body);
        if (answer->status >= 200 && answer->status < 300) return out;
        out.error = "the receiver answered " + std::to_string(answer->status);
        if (answer->status == 410) {
            out.kind = Outcome::Kind::disabled;
            return out;
        }
        wish = parse_retry_after(answer->header("retry-after"), now);
    } else {
        out.error = answer.error().reason;
    }
    // An address refused now may be a name server's slip: as any failure, tried again, and checked
    // again.
    const auto next = schedule.next(delivery.attempt, now, jitter, wish);
    out.kind = next ? Outcome::Kind::retry : Outcome::Kind::dead;
    if (next) out.next = *next;
    return out;
}

}  // namespace deliver
