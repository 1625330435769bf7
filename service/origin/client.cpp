#include "origin/client.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

namespace origin {
namespace {

constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t max_apps = 4;

struct Product {
    std::string_view name;
    std::string_view version;
};

struct Agent {
    std::vector<Product> products;
    std::vector<std::string_view> comments;
};

/// Names of libraries and tools. The first of them in an agent is the family; later ones are what
/// it is built on. A name that ends in a dash stands for all that begin with it.
constexpr auto libraries = std::to_array<std::string_view>({"aiobotocore",
                                                            "aiohttp",
                                                            "ansible",
                                                            "anthropic",
                                                            "anthropic-",
                                                            "apache-httpclient",
                                                            "asyncanthropic",
                                                            "asyncopenai",
                                                            "aws-cli",
                                                            "aws-internal",
                                                            "aws-sdk-",
                                                            "axios",
                                                            "azsdk-",
                                                            "azure-",
                                                            "azurecli",
                                                            "boto",
                                                            "boto3",
                                                            "botocore",
                                                            "cfnetwork",
                                                            "curl",
                                                            "dart",
                                                            "deno",
                                                            "elb-healthchecker",
                                                            "envoy",
                                                            "faraday",
                                                            "gcloud",
                                                            "gcloud-",
                                                            "gl-",
                                                            "go-http-client",
                                                            "google-api-",
                                                            "google-cloud-",
                                                            "google-http-java-client",
                                                            "got",
                                                            "grafana",
                                                            "grpc-",
                                                            "guzzlehttp",
                                                            "hashicorp",
                                                            "helm",
                                                            "httpie",
                                                            "httpx",
                                                            "insomnia",
                                                            "kube-probe",
                                                            "kubectl",
                                                            "libcurl",
                                                            "litellm",
                                                            "lua-resty-http",
                                                            "micropython",
                                                            "mozilla",
                                                            "node-fetch",
                                                            "okhttp",
                                                            "openai",
                                                            "openai-",
                                                            "pecl-",
                                                            "postmanruntime",
                                                            "prometheus",
                                                            "pulumi",
                                                            "python-httpx",
                                                            "python-requests",
                                                            "python-urllib",
                                                            "python-urllib3",
                                                            "reqwest",
                                                            "s3cmd",
                                                            "terraform",
                                                            "terraform-provider-",
                                                            "undici",
                                                            "unirest-",
                                                            "urllib3",
                                                            "wget"});

/// Tokens that tell of machine and runtime, not of who calls.
constexpr auto surroundings = std::to_array<std::string_view>(
    {"aarch64",       "amd64",   "api",     "applewebkit", "arm64",    "cfg",         "command",
     "cpython",       "darwin",  "dotnet",  "environment", "exec-env", "from-script", "ft",
     "gax",           "gccl",    "gecko",   "go",          "grpc",     "interactive", "internal",
     "invocation-id", "jakarta", "java",    "jdk",         "jre",      "jvm",         "kotlin",
     "kubernetes",    "lang",    "like",    "linux",       "m",        "md",          "node",
     "node.js",       "nodejs",  "openjdk", "os",          "perl",     "php",         "platform",
     "python",        "release", "ruby",    "safari",      "scala",    "ua",          "uname",
     "vendor",        "version", "x86_64"});

struct Browser {
    std::string_view token;
    std::string_view family;
};

/// In this order: each later one is also claimed by those before it.
constexpr std::array browsers = {
    Browser{"edg", "edge"},
    Browser{"edge", "edge"},
    Browser{"edga", "edge"},
    Browser{"edgios", "edge"},
    Browser{"opr", "opera"},
    Browser{"samsungbrowser", "samsung"},
    Browser{"headlesschrome", "headless-chrome"},
    Browser{"firefox", "firefox"},
    Browser{"fxios", "firefox"},
    Browser{"crios", "chrome"},
    Browser{"chrome", "chrome"},
    Browser{"version", "safari"},
};

bool is_name_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("-._+:@~#!,*").find(c) != std::string_view::npos;
}

/// Lower case, no more than the cap, blanks for control bytes, without the brackets that CloudTrail
/// puts around some agents.
std::string normalised(std::string_view agent) {
    std::string out = base::ascii::lowered(agent.substr(0, max_agent_bytes));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    const std::size_t first = out.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    out = out.substr(first, out.find_last_not_of(' ') - first + 1);
    if (out.size() > 1 && out.front() == '[' && out.back() == ']')
        out = out.substr(1, out.size() - 2);
    return out;
}

/// The comment that opens at `at`, which moves behind it. One that the cap cut off ends there.
std::string_view comment(std::string_view text, std::size_t& at) noexcept {
    const std::size_t start = at + 1;
    int depth = 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '(') ++depth;
        if (text[at] == ')' && --depth == 0) return text.substr(start, at++ - start);
    }
    return text.substr(start);
}

std::optional<Product> product(std::string_view token) noexcept {
    const std::size_t slash = std::min(token.find('/'), token.size());
    const std::string_view name = token.substr(0, slash);
    if (name.empty() || name.size() > max_name_bytes || !std::ranges::all_of(name, is_name_char))
        return std::nullopt;
    return Product{name, slash < token.size() ? token.substr(slash + 1) : std::string_view{}};
}

/// "v2.20" or "3.1": some programs write their version behind a blank.
bool is_version(std::string_view name) noexcept {
    if (name.starts_with('v')) name.remove_prefix(1);
    return !name.empty() && name[0] >= '0' && name[0] <= '9' &&
           std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

void add_product(Agent& agent, const Product& found) {
    const bool of_last = found.version.empty() && is_version(found.name) && !agent.products.empty();
    if (!of_last)
        agent.products.push_back(found);
    else if (agent.products.back().version.empty())
        agent.products.back().version = found.name;
}

std::optional<Agent> parse(std::string_view text) {
    Agent out;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ') {
            ++at;
        } else if (text[at] == '(') {
            out.comments.push_back(comment(text, at));
        } else {
            const std::size_t end = std::min(text.find_first_of(" (", at), text.size());
            const auto found = product(text.substr(at, end - at));
            if (!found) return std::nullopt;
            add_product(out, *found);
            at = end;
        }
    }
    if (out.products.empty()) return std::nullopt;
    return out;
}

template <std::size_t N>
bool listed(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
    return std::ranges::any_of(names, [&](std::string_view known) {
        return name == known || (known.ends_with('-') && name.starts_with(known));
    });
}

/// "1.34.2" and "v1.34" as "1.34".
std::string major_minor(std::string_view version) {
    if (version.starts_with('v')) version.remove_prefix(1);
    std::string out;
    int dots = 0;
    for (const char c : version) {
        if (out.size() >= 16) break;
        if (c == '.' && (dots > 0 || out.empty())) break;
        if (c == '.')
            ++dots;
        else if (c < '0' || c > '9')
            break;
        out += c;
    }
    if (out.ends_with('.')) out.pop_back();
    return out;
}

/// The shape of a text: runs of letters as `a`, of digits as `0`, of other bytes as `x`;
/// punctuation as it is. Stable over names, numbers and ids.
std::string skeleton(std::string_view text) {
    std::string out;
    for (const char c : text) {
        char shape = c;
        if (c >= 'a' && c <= 'z')
            shape = 'a';
        else if (c >= '0' && c <= '9')
            shape = '0';
        else if (static_cast<unsigned char>(c) >= 0x80)
            shape = 'x';
        const bool run = shape == 'a' || shape == '0' || shape == 'x' || shape == ' ';
        if (!run || out.empty() || out.back() != shape) out += shape;
    }
    const base::Digest digest = base::sha256(out);
    return base::hex(std::span(digest).first(8));
}

bool holds(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
    return std::ranges::any_of(
        words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

std::string platform(std::string_view text, bool browser) {
    if (holds(text, {"esp32", "esp8266", "arduino", "freertos", "lwip", "micropython", "zephyr",
                     "ipcam", "ip camera", "hikvision", "dahua", "onvif"}))
        return "embedded";
    if (holds(text, {"android", "dalvik"})) return "android";
    if (holds(text, {"iphone", "ipad", "ipod", "cfnetwork", "ios/"})) return "ios";
    if (browser) return "browser";
    if (holds(text, {"windows", "win32", "win64"})) return "windows";
    if (holds(text, {"darwin", "macos", "mac os x", "macintosh", "osx"})) return "macos";
    if (holds(text, {"linux", "ubuntu", "debian", "amzn", "alpine"})) return "linux";
    return {};
}

/// "compatible; Examplebot/2.1; +https://…" names the program behind the browser's mask.
std::optional<Product> disguised(const Agent& agent) noexcept {
    constexpr std::string_view mark = "compatible; ";
    for (const auto text : agent.comments) {
        const std::size_t at = text.find(mark);
        if (at == std::string_view::npos) continue;
        const std::string_view rest = text.substr(at + mark.size());
        const auto found = product(rest.substr(0, rest.find_first_of("; ")));
        if (found && found->name != "msie") return found;
    }
    return std::nullopt;
}

/// True when a browser was recognised.
bool read_browser(const Agent& agent, Client& out) {
    if (const auto robot = disguised(agent)) {
        out.family = robot->name;
        out.version = major_minor(robot->version);
        return false;
    }
    for (const auto& browser : browsers) {
        for (const auto& product : agent.products) {
            if (product.name != browser.token) continue;
            out.family = browser.family;
            out.version = major_minor(product.version);
            return true;
        }
    }
    out.family = "mozilla";
    out.version = major_minor(agent.products.front().version);
    return true;
}

void add_app(Client& out, std::size_t& apps, std::string_view name) {
    if (apps == max_apps) return;
    if (!out.app.empty()) out.app += ' ';
    out.app += name;
    ++apps;
}

/// An agent of a library, tool or program.
void read_program(const Agent& agent, Client& out) {
    const auto& products = agent.products;
    auto family =
        std::ranges::find_if(products, [](const Product& p) { return listed(libraries, p.name); });
    if (family == products.end()) {
        family = std::ranges::find_if(
            products, [](const Product& p) { return !listed(surroundings, p.name); });
    }
    if (family == products.end()) family = products.begin();
    out.family = family->name;
    out.version = major_minor(family->version);

    std::size_t apps = 0;
    for (auto at = products.begin(); at != products.end(); ++at) {
        if (at == family || listed(libraries, at->name)) continue;
        // AWS clients carry the name a program gave itself as app/NAME.
        if (at->name == "app" && !at->version.empty()) {
            add_app(out, apps, at->version.substr(0, max_name_bytes));
        } else if (!listed(surroundings, at->name) &&
                   at->name.find('#') == std::string_view::npos) {
            add_app(out, apps, at->name);
        }
    }
}

}  // namespace

Client parse_client(std::string_view agent) {
    Client out;
    const std::string text = normalised(agent);
    if (text.empty() || text == "-") return out;
    const auto parsed = parse(text);
    if (!parsed) {
        out.family = "other";
        out.skeleton = skeleton(text);
        out.platform = platform(text, false);
        return out;
    }
    bool browser = false;
    if (parsed->products.front().name == "mozilla")
        browser = read_browser(*parsed, out);
    else
        read_program(*parsed, out);
    out.platform = platform(text, browser);
    return out;
}

bool is_stock(std::string_view family) noexcept {
    return listed(libraries, family) ||
           std::ranges::find(browsers, family, &Browser::family) != browsers.end();
}

}  // namespace origin
