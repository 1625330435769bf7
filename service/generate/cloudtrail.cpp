#include "generate/cloudtrail.hpp"

#include "generate/line.hpp"

#include <array>
#include <string_view>

namespace generate {
namespace {

struct Service {
    std::string_view source;
    std::array<std::string_view, 4> nouns;
};

// 18 services of 4 nouns with 6 verbs each: 432 operations.
constexpr std::array<Service, 18> services{{
    {"s3.amazonaws.com", {"Object", "BucketPolicy", "BucketAcl", "ObjectTagging"}},
    {"sts.amazonaws.com", {"SessionToken", "CallerIdentity", "FederationToken", "AccessKeyInfo"}},
    {"ec2.amazonaws.com", {"Instances", "SecurityGroups", "Volumes", "Snapshots"}},
    {"kms.amazonaws.com", {"Key", "Alias", "Grant", "KeyPolicy"}},
    {"rekognition.amazonaws.com", {"Faces", "Collection", "FacesByImage", "StreamProcessor"}},
    {"bedrock.amazonaws.com", {"Model", "Guardrail", "InferenceProfile", "FoundationModels"}},
    {"lambda.amazonaws.com", {"Function20150331", "Layer", "EventSourceMapping", "Alias"}},
    {"dynamodb.amazonaws.com", {"Item", "Table", "Backup", "Stream"}},
    {"iam.amazonaws.com", {"User", "Role", "AccessKey", "Policy"}},
    {"logs.amazonaws.com", {"LogStream", "LogGroup", "MetricFilter", "Export"}},
    {"ssm.amazonaws.com", {"Parameter", "Document", "Association", "Inventory"}},
    {"secretsmanager.amazonaws.com", {"SecretValue", "Secret", "ResourcePolicy", "Version"}},
    {"sns.amazonaws.com", {"Topic", "Subscription", "PlatformApplication", "Endpoint"}},
    {"sqs.amazonaws.com", {"Queue", "Message", "QueueAttributes", "Permission"}},
    {"ecr.amazonaws.com", {"Repository", "Image", "AuthorizationToken", "LayerPart"}},
    {"cloudtrail.amazonaws.com", {"Trail", "Events", "EventSelectors", "Insights"}},
    {"monitoring.amazonaws.com", {"MetricData", "Alarm", "Dashboard", "MetricStatistics"}},
    {"athena.amazonaws.com", {"QueryExecution", "WorkGroup", "NamedQuery", "Catalog"}},
}};
constexpr std::array<std::string_view, 6> verbs{"Get", "List",   "Describe",
                                                "Put", "Create", "Delete"};
constexpr std::size_t operation_count = services.size() * 4 * verbs.size();

constexpr std::array<std::string_view, 14> agents{
    "Boto3/1.34.49 md/Botocore#1.34.49 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.11.8",
    "aws-cli/2.15.24 Python/3.11.6 Linux/5.15.0-1053-aws exe/x86_64.ubuntu.22 prompt/off",
    "aws-sdk-go/1.50.25 (go1.21.7; linux; amd64)",
    "aws-sdk-go-v2/1.25.2 os/linux lang/go#1.22.0 md/GOOS#linux md/GOARCH#arm64",
    "aws-sdk-java/1.12.664 Linux/5.10.209 OpenJDK_64-Bit_Server_VM/17.0.10 vendor/Eclipse_Adoptium",
    "aws-sdk-java/2.24.9 Linux/6.1.75 Java_HotSpot/21.0.2 vendor/Oracle_Corporation io/sync "
    "http/Apache",
    "aws-sdk-js/3.521.0 ua/2.0 os/linux#5.10 lang/js md/nodejs#20.11.1 api/dynamodb#3.521.0",
    "aws-sdk-nodejs/2.1563.0 linux/v18.19.0 promise",
    "aws-sdk-ruby3/3.191.3 ua/2.0 api/s3#1.143.0 os/linux md/x86_64 lang/ruby#3.2.3",
    "aws-sdk-php/3.300.8 OS/Linux#5.15.0 lang/php#8.2.16 GuzzleHttp/7",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 terraform-provider-aws/5.38.0",
    "Botocore/1.31.85 Python/3.9.18 Linux/4.14.336",
    "aws-internal/3 aws-sdk-java/1.12.661 Linux/5.10.208 OpenJDK_64-Bit_Server_VM/25.402",
    "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488"};
constexpr std::array<std::string_view, 8> regions{"us-east-1",      "us-west-2", "eu-west-1",
                                                  "eu-central-1",   "us-east-2", "ap-southeast-1",
                                                  "ap-northeast-1", "sa-east-1"};
constexpr std::array<std::string_view, 4> errors{
    "AccessDenied", "ThrottlingException", "ValidationException", "ResourceNotFoundException"};

/// A number in fixed width in the alphabet of key ids.
std::string code(std::uint64_t value, unsigned width) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    for (unsigned i = 0; i < width; ++i) {
        if (i % 12 == 0) value = mix(value, "code");  // twelve letters take all of its bits
        out += digits[value & 31U];
        value >>= 5U;
    }
    return out;
}

std::string address(std::uint64_t rank) {
    const auto host = mix(rank, "address");
    std::string out = std::to_string(11 + (host >> 48U) % 180);
    for (const unsigned shift : {8U, 16U, 24U}) out += '.' + std::to_string((host >> shift) & 255U);
    return out;
}

/// Key `rank` belongs to one account and one user for ever.
void write_identity(Line& line, std::uint64_t rank, base::EventTime at) {
    const auto account =
        std::to_string(100'000'000'000 + mix(rank / 4, "account") % 800'000'000'000);
    const auto id = mix(rank, "key");
    line.open("userIdentity");
    if (rank % 3 == 0) {
        const auto role = "service-" + std::to_string(rank % 97);
        line.text("type", "AssumedRole").text("principalId", "AROA" + code(id, 17) + ":i-" + role);
        line.text("arn", "arn:aws:sts::" + account + ":assumed-role/" + role + "/i-" + role);
        line.text("accountId", account).text("accessKeyId", "ASIA" + code(id ^ rank, 16));
        line.open("sessionContext").open("sessionIssuer").text("type", "Role");
        line.text("arn", "arn:aws:iam::" + account + ":role/" + role)
            .text("userName", role)
            .close();
        line.open("attributes")
            .text("creationDate", base::to_rfc3339(at))
            .text("mfaAuthenticated", "false");
        line.close().close();
    } else {
        const auto user = "app-user-" + std::to_string(rank);
        line.text("type", "IAMUser").text("principalId", "AIDA" + code(id, 17));
        line.text("arn", "arn:aws:iam::" + account + ":user/" + user).text("accountId", account);
        line.text("accessKeyId", "AKIA" + code(id ^ rank, 16)).text("userName", user);
    }
    line.close();
}

void write_request(Line& line, std::size_t service, std::uint64_t rank, Random& random) {
    line.open("requestParameters");
    switch (service % 3) {
        case 0:
            line.text("bucketName", "data-" + std::to_string(rank % 4'000));
            line.text("key", "in/2025/" + code(random.next(), 12) + ".parquet");
            break;
        case 1:
            line.text("resourceId", code(random.next(), 20))
                .number("maxResults", random.between(1, 500));
            break;
        default:
            line.text("name", "prod/" + code(random.next(), 10)).flag("withDecryption", true);
            line.text("clientToken", code(random.next(), 13));
    }
    line.close();
}

std::string whole_seconds(base::EventTime at) {
    const auto micros = base::micros(at);
    return base::to_rfc3339(base::event_time(micros - micros % 1'000'000));
}

}  // namespace

CloudTrail::CloudTrail(Options options)
    : options_(options),
      random_(mix(options.seed, "cloudtrail")),
      key_totals_(zipf_totals(options.keys)),
      address_totals_(zipf_totals(options.addresses)),
      operation_totals_(zipf_totals(operation_count)) {}

base::Result<std::unique_ptr<CloudTrail>> CloudTrail::make(Options options) {
    constexpr std::uint64_t most = 10'000'000;
    if (options.calls < 1 || options.calls > 10'000'000'000) {
        return base::fail(base::Fault::invalid, "calls must be 1 to 10000000000");
    }
    if (options.keys < 1 || options.keys > most) {
        return base::fail(base::Fault::invalid, "keys must be 1 to 10000000");
    }
    if (options.addresses < 1 || options.addresses > most) {
        return base::fail(base::Fault::invalid, "addresses must be 1 to 10000000");
    }
    if (options.duration < std::chrono::seconds{1} || options.duration > std::chrono::days{60}) {
        return base::fail(base::Fault::invalid, "duration must be 1 second to 60 days");
    }
    return std::unique_ptr<CloudTrail>(new CloudTrail(options));
}

bool CloudTrail::next(std::string& line) {
    if (made_ == options_.calls) return false;
    const auto length =
        static_cast<std::uint64_t>(options_.duration / std::chrono::microseconds{1});
    // Evenly spaced: length / calls microseconds apart, in parts that do not overflow.
    const auto offset =
        length / options_.calls * made_ + length % options_.calls * made_ / options_.calls;
    const auto at = options_.start + std::chrono::microseconds{static_cast<std::int64_t>(offset)};
    ++made_;

    const auto rank = random_.pick(key_totals_);
    const auto operation = random_.pick(operation_totals_);
    const auto service = operation % services.size();
    const auto verb = operation / services.size() % verbs.size();
    const auto noun = operation / services.size() / verbs.size();
    std::string name(verbs[verb]);
    name += services[service].nouns[noun];

    Line record(line);
    record.open().text("eventVersion", "1.08");
    write_identity(record, rank, options_.start);
    record.text("eventTime", whole_seconds(at)).text("eventSource", services[service].source);
    record.text("eventName", name).text("awsRegion", regions[mix(rank, "region") % regions.size()]);
    record.text("sourceIPAddress", address(random_.pick(address_totals_)));
    record.text("userAgent", agents[mix(rank, "agent") % agents.size()]);
    if (random_.chance(60)) {
        record.text("errorCode", random_.one_of(errors));
        record.text("errorMessage", "The request was not completed.");
    }
    write_request(record, service, rank, random_);
    std::string id;
    append_uuid(id, random_);
    record.text("requestID", id);
    id.clear();
    append_uuid(id, random_);
    record.text("eventID", id).flag("readOnly", verb < 3);
    record.text("eventType", "AwsApiCall").flag("managementEvent", true);
    record.text("recipientAccountId",
                std::to_string(100'000'000'000 + mix(rank / 4, "account") % 800'000'000'000));
    record.text("eventCategory", "Management");
    record.close();
    return true;
}

}  // namespace generate
