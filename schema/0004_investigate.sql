-- What people and tools read. Every view and every column has a comment (a test checks it): the text
-- feeds the reference page, completion and `sql --describe`.
CREATE SCHEMA investigate;
COMMENT ON SCHEMA investigate IS 'Documented views for investigators. Columns are added, never renamed or removed within a major version.';

CREATE VIEW investigate.calls AS
SELECT time, received, source, tenant_uid, key_uid, user_uid, user_name, user_type, provider,
       account_uid, region, service, operation, activity_id, http_method, url, host, status_id,
       http_status, status_code, error, error_message, address, address_text, asn, as_name, country,
       network_kind, origin, user_agent, client_family, client_version, ja4, resource_uid,
       request_bytes, response_bytes, duration_ms, units, model, input_tokens, output_tokens,
       licence_state, record_uid, correlation_uid, late, notes, matched, block, record,
       lpad(to_hex(call_id), 16, '0') AS call_id, raw
FROM callerprint.calls;
COMMENT ON VIEW investigate.calls IS 'One row a call that was kept (setting raw_calls: all, matched or none). Ask the rollups first: key_activity, key_operations, tenant_operations, origins.';
COMMENT ON COLUMN investigate.calls.time IS 'When the call was made, as the log says.';
COMMENT ON COLUMN investigate.calls.received IS 'When the record arrived here.';
COMMENT ON COLUMN investigate.calls.source IS 'The source that sent the record.';
COMMENT ON COLUMN investigate.calls.tenant_uid IS 'Customer account the call is charged to.';
COMMENT ON COLUMN investigate.calls.key_uid IS 'Id of the API key or credential used; never the key itself.';
COMMENT ON COLUMN investigate.calls.user_uid IS 'Principal that made the call.';
COMMENT ON COLUMN investigate.calls.user_name IS 'Name of the principal.';
COMMENT ON COLUMN investigate.calls.user_type IS 'Kind of principal, in the provider''s words.';
COMMENT ON COLUMN investigate.calls.provider IS 'Cloud provider: aws, azure, gcp ...';
COMMENT ON COLUMN investigate.calls.account_uid IS 'Cloud account, subscription or project.';
COMMENT ON COLUMN investigate.calls.region IS 'Region that served the call.';
COMMENT ON COLUMN investigate.calls.service IS 'API that was called.';
COMMENT ON COLUMN investigate.calls.operation IS 'Operation of that API.';
COMMENT ON COLUMN investigate.calls.activity_id IS '1 create, 2 read, 3 update, 4 delete, 99 other.';
COMMENT ON COLUMN investigate.calls.http_method IS 'HTTP method.';
COMMENT ON COLUMN investigate.calls.url IS 'Path or URL, with secrets replaced.';
COMMENT ON COLUMN investigate.calls.host IS 'Host name asked for.';
COMMENT ON COLUMN investigate.calls.status_id IS '1 the call worked, 2 it failed.';
COMMENT ON COLUMN investigate.calls.http_status IS 'HTTP status of the answer.';
COMMENT ON COLUMN investigate.calls.status_code IS 'The provider''s own result code.';
COMMENT ON COLUMN investigate.calls.error IS 'Error code of a failed call.';
COMMENT ON COLUMN investigate.calls.error_message IS 'Error text of a failed call.';
COMMENT ON COLUMN investigate.calls.address IS 'Caller''s address when the log has a whole one.';
COMMENT ON COLUMN investigate.calls.address_text IS 'Caller as logged when it is no address: a name, a masked address.';
COMMENT ON COLUMN investigate.calls.asn IS 'AS number of the caller''s network at call time.';
COMMENT ON COLUMN investigate.calls.as_name IS 'Name of that network.';
COMMENT ON COLUMN investigate.calls.country IS 'Country of the caller''s address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN investigate.calls.network_kind IS 'hosting, mobile, isp, vpn, business, education, government, unknown.';
COMMENT ON COLUMN investigate.calls.origin IS 'Origin fingerprint, level place (of1 L1): network, AS, client.';
COMMENT ON COLUMN investigate.calls.user_agent IS 'User agent as sent.';
COMMENT ON COLUMN investigate.calls.client_family IS 'Family of the client software: boto3, curl, chrome ...';
COMMENT ON COLUMN investigate.calls.client_version IS 'Its version, major.minor.';
COMMENT ON COLUMN investigate.calls.ja4 IS 'JA4 fingerprint of the TLS client, when the log has it.';
COMMENT ON COLUMN investigate.calls.resource_uid IS 'Resource acted on.';
COMMENT ON COLUMN investigate.calls.request_bytes IS 'Size of the request.';
COMMENT ON COLUMN investigate.calls.response_bytes IS 'Size of the answer.';
COMMENT ON COLUMN investigate.calls.duration_ms IS 'Milliseconds the call took.';
COMMENT ON COLUMN investigate.calls.units IS 'Billable units.';
COMMENT ON COLUMN investigate.calls.model IS 'AI model asked for.';
COMMENT ON COLUMN investigate.calls.input_tokens IS 'Tokens in.';
COMMENT ON COLUMN investigate.calls.output_tokens IS 'Tokens out.';
COMMENT ON COLUMN investigate.calls.licence_state IS 'covered, lapsed, missing, unclear or not_gated, at call time.';
COMMENT ON COLUMN investigate.calls.record_uid IS 'The record''s own id, given by its provider.';
COMMENT ON COLUMN investigate.calls.correlation_uid IS 'Request or trace id.';
COMMENT ON COLUMN investigate.calls.late IS 'True when the call came later than its source''s allowed lateness.';
COMMENT ON COLUMN investigate.calls.notes IS 'What was odd about the record, as bits: 1 zone assumed, 2 address invalid, 4 field cut, 8 future, 16 late, 32 secret replaced, 64 resynchronised, 128 escape tolerated, 256 time missing.';
COMMENT ON COLUMN investigate.calls.matched IS 'Ids of the policies the call matched.';
COMMENT ON COLUMN investigate.calls.block IS 'Journal block the record is in.';
COMMENT ON COLUMN investigate.calls.record IS 'Place of the record in its block, from 0.';
COMMENT ON COLUMN investigate.calls.call_id IS 'Hash of the record''s bytes: equal for equal records.';
COMMENT ON COLUMN investigate.calls.raw IS 'The record as journalled, without secrets, where it was kept.';

CREATE VIEW investigate.key_activity AS
SELECT minute, tenant_uid, key_uid, calls, ok, failed, denied, request_bytes, response_bytes, units,
       input_tokens, output_tokens, cardinality(origins) AS origins, more_origins
FROM callerprint.key_minute;
COMMENT ON VIEW investigate.key_activity IS 'Calls of each key by the minute.';
COMMENT ON COLUMN investigate.key_activity.minute IS 'Start of the minute, event time.';
COMMENT ON COLUMN investigate.key_activity.tenant_uid IS 'Customer account; empty when the calls do not say.';
COMMENT ON COLUMN investigate.key_activity.key_uid IS 'Key; empty when the calls do not say, (other) for what did not fit in memory.';
COMMENT ON COLUMN investigate.key_activity.calls IS 'Calls.';
COMMENT ON COLUMN investigate.key_activity.ok IS 'Calls that worked.';
COMMENT ON COLUMN investigate.key_activity.failed IS 'Calls that failed.';
COMMENT ON COLUMN investigate.key_activity.denied IS 'Failed calls that were refused: 401, 403, AccessDenied ...';
COMMENT ON COLUMN investigate.key_activity.request_bytes IS 'Bytes of requests.';
COMMENT ON COLUMN investigate.key_activity.response_bytes IS 'Bytes of answers.';
COMMENT ON COLUMN investigate.key_activity.units IS 'Billable units.';
COMMENT ON COLUMN investigate.key_activity.input_tokens IS 'Tokens in.';
COMMENT ON COLUMN investigate.key_activity.output_tokens IS 'Tokens out.';
COMMENT ON COLUMN investigate.key_activity.origins IS 'Distinct origins in the minute, at most 8.';
COMMENT ON COLUMN investigate.key_activity.more_origins IS 'True when there were more than 8.';

CREATE VIEW investigate.key_operations AS
SELECT hour, tenant_uid, key_uid, service, operation, calls, ok, failed, denied, request_bytes,
       response_bytes, units, input_tokens, output_tokens
FROM callerprint.key_operation_hour;
COMMENT ON VIEW investigate.key_operations IS 'Calls of each key and operation by the hour.';
COMMENT ON COLUMN investigate.key_operations.hour IS 'Start of the hour, event time.';
COMMENT ON COLUMN investigate.key_operations.tenant_uid IS 'Customer account; empty when the calls do not say.';
COMMENT ON COLUMN investigate.key_operations.key_uid IS 'Key; empty when the calls do not say, (other) for what did not fit in memory.';
COMMENT ON COLUMN investigate.key_operations.service IS 'API that was called.';
COMMENT ON COLUMN investigate.key_operations.operation IS 'Operation of that API.';
COMMENT ON COLUMN investigate.key_operations.calls IS 'Calls.';
COMMENT ON COLUMN investigate.key_operations.ok IS 'Calls that worked.';
COMMENT ON COLUMN investigate.key_operations.failed IS 'Calls that failed.';
COMMENT ON COLUMN investigate.key_operations.denied IS 'Failed calls that were refused.';
COMMENT ON COLUMN investigate.key_operations.request_bytes IS 'Bytes of requests.';
COMMENT ON COLUMN investigate.key_operations.response_bytes IS 'Bytes of answers.';
COMMENT ON COLUMN investigate.key_operations.units IS 'Billable units.';
COMMENT ON COLUMN investigate.key_operations.input_tokens IS 'Tokens in.';
COMMENT ON COLUMN investigate.key_operations.output_tokens IS 'Tokens out.';

CREATE VIEW investigate.key_origins AS
SELECT hour, tenant_uid, key_uid, origin, calls, ok, failed, denied, units, first_seen, last_seen,
       address, asn, as_name, country, client
FROM callerprint.key_origin_hour;
COMMENT ON VIEW investigate.key_origins IS 'From where each key was used, by the hour.';
COMMENT ON COLUMN investigate.key_origins.hour IS 'Start of the hour, event time.';
COMMENT ON COLUMN investigate.key_origins.tenant_uid IS 'Customer account; empty when the calls do not say.';
COMMENT ON COLUMN investigate.key_origins.key_uid IS 'Key; empty when the calls do not say, (other) for what did not fit in memory.';
COMMENT ON COLUMN investigate.key_origins.origin IS 'Origin fingerprint, level place (of1 L1).';
COMMENT ON COLUMN investigate.key_origins.calls IS 'Calls.';
COMMENT ON COLUMN investigate.key_origins.ok IS 'Calls that worked.';
COMMENT ON COLUMN investigate.key_origins.failed IS 'Calls that failed.';
COMMENT ON COLUMN investigate.key_origins.denied IS 'Failed calls that were refused.';
COMMENT ON COLUMN investigate.key_origins.units IS 'Billable units.';
COMMENT ON COLUMN investigate.key_origins.first_seen IS 'First call in the hour.';
COMMENT ON COLUMN investigate.key_origins.last_seen IS 'Last call in the hour.';
COMMENT ON COLUMN investigate.key_origins.address IS 'Address of the first call in the hour.';
COMMENT ON COLUMN investigate.key_origins.asn IS 'AS number of that address.';
COMMENT ON COLUMN investigate.key_origins.as_name IS 'Name of that network.';
COMMENT ON COLUMN investigate.key_origins.country IS 'Country of that address.';
COMMENT ON COLUMN investigate.key_origins.client IS 'Client software and version of the first call in the hour.';

CREATE VIEW investigate.origins AS
SELECT origin, min(first_seen) AS first_seen, max(last_seen) AS last_seen, sum(calls)::bigint AS calls,
       sum(failed)::bigint AS failed, count(DISTINCT key_uid) AS keys,
       count(DISTINCT tenant_uid) AS tenants, (array_agg(address ORDER BY first_seen))[1] AS address,
       max(asn) AS asn, max(as_name) AS as_name, max(country) AS country, max(client) AS client
FROM callerprint.key_origin_hour GROUP BY origin;
COMMENT ON VIEW investigate.origins IS 'Every origin seen and how much it was used; more than one tenant behind one origin is worth a look.';
COMMENT ON COLUMN investigate.origins.origin IS 'Origin fingerprint, level place (of1 L1); empty when the calls do not say.';
COMMENT ON COLUMN investigate.origins.first_seen IS 'First call from there.';
COMMENT ON COLUMN investigate.origins.last_seen IS 'Last call from there.';
COMMENT ON COLUMN investigate.origins.calls IS 'Calls.';
COMMENT ON COLUMN investigate.origins.failed IS 'Calls that failed.';
COMMENT ON COLUMN investigate.origins.keys IS 'Distinct keys used from there.';
COMMENT ON COLUMN investigate.origins.tenants IS 'Distinct tenants seen there.';
COMMENT ON COLUMN investigate.origins.address IS 'An address, of the first call.';
COMMENT ON COLUMN investigate.origins.asn IS 'AS number of its network.';
COMMENT ON COLUMN investigate.origins.as_name IS 'Name of its network.';
COMMENT ON COLUMN investigate.origins.country IS 'Country of its address.';
COMMENT ON COLUMN investigate.origins.client IS 'Client software seen there.';

CREATE VIEW investigate.tenant_operations AS
SELECT hour, tenant_uid, service, operation, calls, ok, failed, denied, request_bytes, response_bytes,
       units, input_tokens, output_tokens
FROM callerprint.tenant_operation_hour;
COMMENT ON VIEW investigate.tenant_operations IS 'Calls of each tenant and operation by the hour.';
COMMENT ON COLUMN investigate.tenant_operations.hour IS 'Start of the hour, event time.';
COMMENT ON COLUMN investigate.tenant_operations.tenant_uid IS 'Customer account; empty when the calls do not say, (other) for what did not fit in memory.';
COMMENT ON COLUMN investigate.tenant_operations.service IS 'API that was called.';
COMMENT ON COLUMN investigate.tenant_operations.operation IS 'Operation of that API.';
COMMENT ON COLUMN investigate.tenant_operations.calls IS 'Calls.';
COMMENT ON COLUMN investigate.tenant_operations.ok IS 'Calls that worked.';
COMMENT ON COLUMN investigate.tenant_operations.failed IS 'Calls that failed.';
COMMENT ON COLUMN investigate.tenant_operations.denied IS 'Failed calls that were refused.';
COMMENT ON COLUMN investigate.tenant_operations.request_bytes IS 'Bytes of requests.';
COMMENT ON COLUMN investigate.tenant_operations.response_bytes IS 'Bytes of answers.';
COMMENT ON COLUMN investigate.tenant_operations.units IS 'Billable units.';
COMMENT ON COLUMN investigate.tenant_operations.input_tokens IS 'Tokens in.';
COMMENT ON COLUMN investigate.tenant_operations.output_tokens IS 'Tokens out.';

-- Registered keys and keys only seen, as two arms, so that a condition on the key reaches both.
CREATE VIEW investigate.keys AS
SELECT k.uid AS key_uid, k.tenant AS tenant_uid, true AS registered, nullif(k.status, '') AS status,
       k.created, k.revoked, k.declared_origin, s.first_hour, s.last_hour, coalesce(s.calls, 0) AS calls,
       coalesce(s.failed, 0) AS failed, coalesce(s.denied, 0) AS denied, coalesce(s.units, 0) AS units
FROM callerprint.keys k
LEFT JOIN (SELECT key_uid, min(hour) AS first_hour, max(hour) AS last_hour, sum(calls)::bigint AS calls,
                  sum(failed)::bigint AS failed, sum(denied)::bigint AS denied, sum(units) AS units
           FROM callerprint.key_operation_hour GROUP BY key_uid) s ON s.key_uid = k.uid
UNION ALL
SELECT s.key_uid, min(s.tenant_uid), false, NULL, NULL, NULL, NULL, min(s.hour), max(s.hour),
       sum(s.calls)::bigint, sum(s.failed)::bigint, sum(s.denied)::bigint, sum(s.units)
FROM callerprint.key_operation_hour s
WHERE s.key_uid NOT IN ('', '(other)')
  AND NOT EXISTS (SELECT FROM callerprint.keys k WHERE k.uid = s.key_uid)
GROUP BY s.key_uid;
COMMENT ON VIEW investigate.keys IS 'Every key that was registered or seen, with its totals over the rollups kept.';
COMMENT ON COLUMN investigate.keys.key_uid IS 'Id of the key; never the key itself.';
COMMENT ON COLUMN investigate.keys.tenant_uid IS 'Tenant it was issued to; for a key only seen, a tenant it was seen with.';
COMMENT ON COLUMN investigate.keys.registered IS 'False when the key was only seen in calls and the registry does not have it.';
COMMENT ON COLUMN investigate.keys.status IS 'active or revoked, as registered.';
COMMENT ON COLUMN investigate.keys.created IS 'When it was issued.';
COMMENT ON COLUMN investigate.keys.revoked IS 'When it was revoked.';
COMMENT ON COLUMN investigate.keys.declared_origin IS 'Networks its owner said it is used from.';
COMMENT ON COLUMN investigate.keys.first_hour IS 'Hour of the first call in the rollups.';
COMMENT ON COLUMN investigate.keys.last_hour IS 'Hour of the last call.';
COMMENT ON COLUMN investigate.keys.calls IS 'Calls.';
COMMENT ON COLUMN investigate.keys.failed IS 'Calls that failed.';
COMMENT ON COLUMN investigate.keys.denied IS 'Failed calls that were refused.';
COMMENT ON COLUMN investigate.keys.units IS 'Billable units.';

CREATE VIEW investigate.tenants AS
SELECT t.uid AS tenant_uid, true AS registered, nullif(t.name, '') AS name, nullif(t.tier, '') AS tier,
       nullif(t.status, '') AS status, t.created, nullif(t.country, '') AS country,
       nullif(t.party, '') AS party_uid, s.first_hour, s.last_hour, coalesce(s.calls, 0) AS calls,
       coalesce(s.failed, 0) AS failed, coalesce(s.units, 0) AS units
FROM callerprint.tenants t
LEFT JOIN (SELECT tenant_uid, min(hour) AS first_hour, max(hour) AS last_hour,
                  sum(calls)::bigint AS calls, sum(failed)::bigint AS failed, sum(units) AS units
           FROM callerprint.tenant_operation_hour GROUP BY tenant_uid) s ON s.tenant_uid = t.uid
UNION ALL
SELECT s.tenant_uid, false, NULL, NULL, NULL, NULL, NULL, NULL, min(s.hour), max(s.hour),
       sum(s.calls)::bigint, sum(s.failed)::bigint, sum(s.units)
FROM callerprint.tenant_operation_hour s
WHERE s.tenant_uid NOT IN ('', '(other)')
  AND NOT EXISTS (SELECT FROM callerprint.tenants t WHERE t.uid = s.tenant_uid)
GROUP BY s.tenant_uid;
COMMENT ON VIEW investigate.tenants IS 'Every tenant that was registered or seen, with its totals over the rollups kept.';
COMMENT ON COLUMN investigate.tenants.tenant_uid IS 'Id of the customer account.';
COMMENT ON COLUMN investigate.tenants.registered IS 'False when it was only seen in calls.';
COMMENT ON COLUMN investigate.tenants.name IS 'Registered name.';
COMMENT ON COLUMN investigate.tenants.tier IS 'trial, free, paid, enterprise, or the provider''s own word.';
COMMENT ON COLUMN investigate.tenants.status IS 'active, suspended, closed.';
COMMENT ON COLUMN investigate.tenants.created IS 'When the account was opened.';
COMMENT ON COLUMN investigate.tenants.country IS 'Country of registration, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN investigate.tenants.party_uid IS 'Party behind the account.';
COMMENT ON COLUMN investigate.tenants.first_hour IS 'Hour of the first call in the rollups.';
COMMENT ON COLUMN investigate.tenants.last_hour IS 'Hour of the last call.';
COMMENT ON COLUMN investigate.tenants.calls IS 'Calls.';
COMMENT ON COLUMN investigate.tenants.failed IS 'Calls that failed.';
COMMENT ON COLUMN investigate.tenants.units IS 'Billable units.';

CREATE VIEW investigate.parties AS
SELECT uid AS party_uid, nullif(name, '') AS name, nullif(class, '') AS class,
       nullif(country, '') AS country, aliases, domains, networks,
       (SELECT count(*) FROM callerprint.tenants t WHERE t.party = p.uid) AS tenants
FROM callerprint.parties p;
COMMENT ON VIEW investigate.parties IS 'The real organisations behind tenants, as registered.';
COMMENT ON COLUMN investigate.parties.party_uid IS 'Id of the party.';
COMMENT ON COLUMN investigate.parties.name IS 'Its name.';
COMMENT ON COLUMN investigate.parties.class IS 'company, government, law_enforcement, education, individual ...';
COMMENT ON COLUMN investigate.parties.country IS 'Country, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN investigate.parties.aliases IS 'Other names.';
COMMENT ON COLUMN investigate.parties.domains IS 'Its domain names.';
COMMENT ON COLUMN investigate.parties.networks IS 'Its networks.';
COMMENT ON COLUMN investigate.parties.tenants IS 'Number of tenants registered for it.';

CREATE VIEW investigate.licences AS
SELECT uid AS licence_uid, subject_kind, subject, nullif(service, '') AS service, operations, parameters,
       nullif(use_case, '') AS use_case, regions, valid_from, valid_to,
       make_interval(secs => grace_seconds::double precision) AS grace, known_from, known_to,
       known_to IS NULL AS current
FROM callerprint.licences;
COMMENT ON VIEW investigate.licences IS 'What tenants and parties may do, on two clocks: when it was true (valid) and when we believed it (known).';
COMMENT ON COLUMN investigate.licences.licence_uid IS 'Id of the licence; several rows are its versions.';
COMMENT ON COLUMN investigate.licences.subject_kind IS 'tenant or party.';
COMMENT ON COLUMN investigate.licences.subject IS 'Id of the tenant or party.';
COMMENT ON COLUMN investigate.licences.service IS 'API it covers, as a glob; NULL: any.';
COMMENT ON COLUMN investigate.licences.operations IS 'Operations it covers, as globs.';
COMMENT ON COLUMN investigate.licences.parameters IS 'Parameters it covers; shown, not tested.';
COMMENT ON COLUMN investigate.licences.use_case IS 'Use case it was given for.';
COMMENT ON COLUMN investigate.licences.regions IS 'Regions it covers, as globs; empty: any.';
COMMENT ON COLUMN investigate.licences.valid_from IS 'From when it covers calls; NULL: since ever.';
COMMENT ON COLUMN investigate.licences.valid_to IS 'Until when; NULL: no end.';
COMMENT ON COLUMN investigate.licences.grace IS 'Time after valid_to in which calls still count as covered.';
COMMENT ON COLUMN investigate.licences.known_from IS 'Since when we believed this row; NULL: since ever.';
COMMENT ON COLUMN investigate.licences.known_to IS 'When a correction replaced it; NULL: still believed.';
COMMENT ON COLUMN investigate.licences.current IS 'True when it is still believed.';

CREATE VIEW investigate.gates AS
SELECT uid AS gate_uid, nullif(service, '') AS service, operations, nullif(clause, '') AS clause
FROM callerprint.gates;
COMMENT ON VIEW investigate.gates IS 'Operations that need a licence.';
COMMENT ON COLUMN investigate.gates.gate_uid IS 'Id of the gate.';
COMMENT ON COLUMN investigate.gates.service IS 'API, as a glob; NULL: any.';
COMMENT ON COLUMN investigate.gates.operations IS 'Operations, as globs.';
COMMENT ON COLUMN investigate.gates.clause IS 'Contract clause or public rule that asks for the licence.';

CREATE VIEW investigate.leaks AS
SELECT nullif(key, '') AS key_uid, nullif(key_hash, '') AS key_hash, first_seen,
       nullif(source, '') AS source
FROM callerprint.leaks;
COMMENT ON VIEW investigate.leaks IS 'Reports that a key became public.';
COMMENT ON COLUMN investigate.leaks.key_uid IS 'Id of the key.';
COMMENT ON COLUMN investigate.leaks.key_hash IS 'Keyed hash of the credential, where only its text was found.';
COMMENT ON COLUMN investigate.leaks.first_seen IS 'First known exposure.';
COMMENT ON COLUMN investigate.leaks.source IS 'Who reported it, or where it stood.';

CREATE VIEW investigate.alerts AS
SELECT id AS alert_id, tenant_uid, policy_key, policy_title, level, family, nullif(clause, '') AS clause,
       subject_kind, subject, "group", opened, last_seen, count, summary, state,
       nullif(disposition, '') AS disposition, nullif(sub_reason, '') AS sub_reason,
       nullif(assignee, '') AS assignee, snoozed_until, acknowledged_at, closed_at, reopened, shadow,
       policy_id, policy_name, policy_status, policy_digest, evidence, benign, created_at, changed_at
FROM callerprint.alerts;
COMMENT ON VIEW investigate.alerts IS 'What was found: one row a policy and subject within the policy''s quiet time.';
COMMENT ON COLUMN investigate.alerts.alert_id IS 'Id; the same when the same log is replayed.';
COMMENT ON COLUMN investigate.alerts.tenant_uid IS 'Tenant it is about; empty when the group names none.';
COMMENT ON COLUMN investigate.alerts.policy_key IS 'Policy id, else its name, else its title.';
COMMENT ON COLUMN investigate.alerts.policy_title IS 'Title of the policy.';
COMMENT ON COLUMN investigate.alerts.level IS 'informational, low, medium, high, critical.';
COMMENT ON COLUMN investigate.alerts.family IS 'Family of abuse the policy is for.';
COMMENT ON COLUMN investigate.alerts.clause IS 'Contract clause the behaviour would break.';
COMMENT ON COLUMN investigate.alerts.subject_kind IS 'key, tenant, origin, operator, custom or group.';
COMMENT ON COLUMN investigate.alerts.subject IS 'Id of the subject.';
COMMENT ON COLUMN investigate.alerts."group" IS 'Group key of the firing: name to value, null when absent.';
COMMENT ON COLUMN investigate.alerts.opened IS 'Event time of the firing that opened it.';
COMMENT ON COLUMN investigate.alerts.last_seen IS 'Event time of the newest firing that belongs to it.';
COMMENT ON COLUMN investigate.alerts.count IS 'Firings that belong to it.';
COMMENT ON COLUMN investigate.alerts.summary IS 'One sentence with the numbers compared.';
COMMENT ON COLUMN investigate.alerts.state IS 'open, acknowledged, snoozed, closed.';
COMMENT ON COLUMN investigate.alerts.disposition IS 'Why it was closed: true-positive, benign-positive, false-positive, undetermined.';
COMMENT ON COLUMN investigate.alerts.sub_reason IS 'The reason within the disposition.';
COMMENT ON COLUMN investigate.alerts.assignee IS 'Who works on it.';
COMMENT ON COLUMN investigate.alerts.snoozed_until IS 'When a snoozed alert comes back.';
COMMENT ON COLUMN investigate.alerts.acknowledged_at IS 'When somebody first acknowledged it.';
COMMENT ON COLUMN investigate.alerts.closed_at IS 'When it was closed.';
COMMENT ON COLUMN investigate.alerts.reopened IS 'How often it was reopened.';
COMMENT ON COLUMN investigate.alerts.shadow IS 'True when the policy is not stable yet: recorded, nobody was told.';
COMMENT ON COLUMN investigate.alerts.policy_id IS 'Id of the policy; empty when it has none.';
COMMENT ON COLUMN investigate.alerts.policy_name IS 'Name of the policy; empty when it has none.';
COMMENT ON COLUMN investigate.alerts.policy_status IS 'Status of the policy when it fired.';
COMMENT ON COLUMN investigate.alerts.policy_digest IS 'SHA-256 of the policy''s text that fired.';
COMMENT ON COLUMN investigate.alerts.evidence IS 'The numbers compared and the conditions that held.';
COMMENT ON COLUMN investigate.alerts.benign IS 'Innocent explanations the policy names.';
COMMENT ON COLUMN investigate.alerts.created_at IS 'When it was stored.';
COMMENT ON COLUMN investigate.alerts.changed_at IS 'When it was last changed.';

CREATE VIEW investigate.alert_events AS
SELECT alert_id, at, actor, action, nullif(detail, '') AS detail FROM callerprint.alert_events;
COMMENT ON VIEW investigate.alert_events IS 'The life of each alert: what was done, when, by whom.';
COMMENT ON COLUMN investigate.alert_events.alert_id IS 'The alert.';
COMMENT ON COLUMN investigate.alert_events.at IS 'When it was done.';
COMMENT ON COLUMN investigate.alert_events.actor IS 'Who did it; `callerprint` for the service itself.';
COMMENT ON COLUMN investigate.alert_events.action IS 'opened, acknowledge, assign, snooze, close, reopen, comment.';
COMMENT ON COLUMN investigate.alert_events.detail IS 'Disposition, assignee or comment.';

CREATE VIEW investigate.evidence AS
SELECT alert_id, time, source, block, record, sha256, raw, stored_at FROM callerprint.evidence;
COMMENT ON VIEW investigate.evidence IS 'Records behind alerts, as journalled, with their digest.';
COMMENT ON COLUMN investigate.evidence.alert_id IS 'The alert.';
COMMENT ON COLUMN investigate.evidence.time IS 'Event time of the record.';
COMMENT ON COLUMN investigate.evidence.source IS 'Source that sent it.';
COMMENT ON COLUMN investigate.evidence.block IS 'Journal block it is in.';
COMMENT ON COLUMN investigate.evidence.record IS 'Its place in the block, from 0.';
COMMENT ON COLUMN investigate.evidence.sha256 IS 'SHA-256 of the record''s bytes as journalled.';
COMMENT ON COLUMN investigate.evidence.raw IS 'The record without secrets; a long one is cut, its digest is of the whole.';
COMMENT ON COLUMN investigate.evidence.stored_at IS 'When it was attached.';

CREATE VIEW investigate.coverage AS
SELECT source, minute, received, parsed, attributed, late, rejected FROM callerprint.coverage;
COMMENT ON VIEW investigate.coverage IS 'What came from each source by the minute: what could not be seen is as important as what was.';
COMMENT ON COLUMN investigate.coverage.source IS 'The source.';
COMMENT ON COLUMN investigate.coverage.minute IS 'Minute of event time; of arrival for rejected records.';
COMMENT ON COLUMN investigate.coverage.received IS 'Records received.';
COMMENT ON COLUMN investigate.coverage.parsed IS 'Records that became a call.';
COMMENT ON COLUMN investigate.coverage.attributed IS 'Calls with a tenant or a key.';
COMMENT ON COLUMN investigate.coverage.late IS 'Calls later than the source''s allowed lateness.';
COMMENT ON COLUMN investigate.coverage.rejected IS 'Records set aside as dead letters.';

CREATE VIEW investigate.sources AS
SELECT source, min(minute) AS first_minute, max(minute) AS last_minute, sum(received)::bigint AS received,
       sum(parsed)::bigint AS parsed, sum(attributed)::bigint AS attributed, sum(late)::bigint AS late,
       sum(rejected)::bigint AS rejected
FROM callerprint.coverage GROUP BY source;
COMMENT ON VIEW investigate.sources IS 'Every source that sent something, with its totals.';
COMMENT ON COLUMN investigate.sources.source IS 'The source.';
COMMENT ON COLUMN investigate.sources.first_minute IS 'First minute with records.';
COMMENT ON COLUMN investigate.sources.last_minute IS 'Last minute with records.';
COMMENT ON COLUMN investigate.sources.received IS 'Records received.';
COMMENT ON COLUMN investigate.sources.parsed IS 'Records that became a call.';
COMMENT ON COLUMN investigate.sources.attributed IS 'Calls with a tenant or a key.';
COMMENT ON COLUMN investigate.sources.late IS 'Calls later than allowed.';
COMMENT ON COLUMN investigate.sources.rejected IS 'Records set aside as dead letters.';

CREATE VIEW investigate.positions AS
SELECT source AS stream, partition, next_offset, snapshot_offset, watermark, policy_rev, written_at
FROM callerprint.source_position;
COMMENT ON VIEW investigate.positions IS 'How far the journal has been evaluated and stored.';
COMMENT ON COLUMN investigate.positions.stream IS 'The stream of journal blocks.';
COMMENT ON COLUMN investigate.positions.partition IS 'Its partition.';
COMMENT ON COLUMN investigate.positions.next_offset IS 'First block that is not stored yet.';
COMMENT ON COLUMN investigate.positions.snapshot_offset IS 'Block from which the windows would be rebuilt.';
COMMENT ON COLUMN investigate.positions.watermark IS 'Event time up to which windows are closed.';
COMMENT ON COLUMN investigate.positions.policy_rev IS 'Policy revision of the newest batch.';
COMMENT ON COLUMN investigate.positions.written_at IS 'When the newest batch was stored.';

CREATE VIEW investigate.policies AS
SELECT p.id AS policy_id, p.name, p.title, p.kind, p.level, p.status, nullif(p.family, '') AS family,
       nullif(p.clause, '') AS clause, nullif(p.subject, '') AS subject, nullif(p.author, '') AS author,
       nullif(p.description, '') AS description, p.digest, p.file, p.revision, r.activated_at,
       r.replaced_at, r.replaced_at IS NULL AS current
FROM callerprint.policies p JOIN callerprint.policy_revisions r USING (revision);
COMMENT ON VIEW investigate.policies IS 'Policies of every revision that was ever active.';
COMMENT ON COLUMN investigate.policies.policy_id IS 'Id of the policy; empty when it has none.';
COMMENT ON COLUMN investigate.policies.name IS 'Name by which others refer to it.';
COMMENT ON COLUMN investigate.policies.title IS 'Title.';
COMMENT ON COLUMN investigate.policies.kind IS 'rule or correlation.';
COMMENT ON COLUMN investigate.policies.level IS 'informational, low, medium, high, critical.';
COMMENT ON COLUMN investigate.policies.status IS 'stable, test, experimental, deprecated, unsupported.';
COMMENT ON COLUMN investigate.policies.family IS 'Family of abuse.';
COMMENT ON COLUMN investigate.policies.clause IS 'Contract clause the behaviour would break.';
COMMENT ON COLUMN investigate.policies.subject IS 'What its alerts are about.';
COMMENT ON COLUMN investigate.policies.author IS 'Author.';
COMMENT ON COLUMN investigate.policies.description IS 'Description.';
COMMENT ON COLUMN investigate.policies.digest IS 'SHA-256 of its text.';
COMMENT ON COLUMN investigate.policies.file IS 'File it was loaded from.';
COMMENT ON COLUMN investigate.policies.revision IS 'Revision: digest of the whole set.';
COMMENT ON COLUMN investigate.policies.activated_at IS 'When the revision became active.';
COMMENT ON COLUMN investigate.policies.replaced_at IS 'When another replaced it; NULL: active.';
COMMENT ON COLUMN investigate.policies.current IS 'True for the active revision.';

CREATE VIEW investigate.deliveries AS
SELECT o.id AS delivery_id, o.alert_id, o.event, o.endpoint_id, e.name AS endpoint, o.state, o.attempt,
       o.created_at, CASE WHEN o.state = 'ready' THEN o.next_at END AS next_at, o.finished_at,
       o.http_status, nullif(o.error, '') AS error
FROM callerprint.outbox o LEFT JOIN callerprint.endpoints e ON e.id = o.endpoint_id;
COMMENT ON VIEW investigate.deliveries IS 'Webhooks: one row an alert''s change and endpoint.';
COMMENT ON COLUMN investigate.deliveries.delivery_id IS 'The webhook-id: the same on every attempt.';
COMMENT ON COLUMN investigate.deliveries.alert_id IS 'The alert.';
COMMENT ON COLUMN investigate.deliveries.event IS 'alert.opened, alert.updated, alert.closed, alert.reopened.';
COMMENT ON COLUMN investigate.deliveries.endpoint_id IS 'Id of the endpoint.';
COMMENT ON COLUMN investigate.deliveries.endpoint IS 'Name of the endpoint; NULL when it was removed.';
COMMENT ON COLUMN investigate.deliveries.state IS 'ready (waiting or being sent), delivered, dead.';
COMMENT ON COLUMN investigate.deliveries.attempt IS 'Attempts made.';
COMMENT ON COLUMN investigate.deliveries.created_at IS 'When the alert changed.';
COMMENT ON COLUMN investigate.deliveries.next_at IS 'When the next attempt is due.';
COMMENT ON COLUMN investigate.deliveries.finished_at IS 'When it was delivered or given up.';
COMMENT ON COLUMN investigate.deliveries.http_status IS 'Status of the last answer.';
COMMENT ON COLUMN investigate.deliveries.error IS 'Why the last attempt failed.';

CREATE VIEW investigate.delivery_attempts AS
SELECT delivery_id, attempt, started_at, outcome, finished_at, http_status, nullif(error, '') AS error,
       nullif(answer, '') AS answer, took_ms, worker
FROM callerprint.delivery_attempts;
COMMENT ON VIEW investigate.delivery_attempts IS 'Every attempt to deliver a webhook.';
COMMENT ON COLUMN investigate.delivery_attempts.delivery_id IS 'The delivery.';
COMMENT ON COLUMN investigate.delivery_attempts.attempt IS 'Number of the attempt, from 1; a replay starts again.';
COMMENT ON COLUMN investigate.delivery_attempts.started_at IS 'When it started.';
COMMENT ON COLUMN investigate.delivery_attempts.outcome IS 'delivered, failed, not_sent, or unknown: possibly delivered, the service stopped meanwhile.';
COMMENT ON COLUMN investigate.delivery_attempts.finished_at IS 'When it ended.';
COMMENT ON COLUMN investigate.delivery_attempts.http_status IS 'Status of the answer.';
COMMENT ON COLUMN investigate.delivery_attempts.error IS 'Why it failed.';
COMMENT ON COLUMN investigate.delivery_attempts.answer IS 'First kilobyte of the answer, made safe.';
COMMENT ON COLUMN investigate.delivery_attempts.took_ms IS 'Milliseconds it took.';
COMMENT ON COLUMN investigate.delivery_attempts.worker IS 'Who made it.';

CREATE VIEW investigate.dead_letters AS
SELECT received, source, client, block, record, code, reason, sample, written_at
FROM callerprint.dead_letters;
COMMENT ON VIEW investigate.dead_letters IS 'Records that could not be used, with the reason.';
COMMENT ON COLUMN investigate.dead_letters.received IS 'When the record arrived.';
COMMENT ON COLUMN investigate.dead_letters.source IS 'Source that sent it.';
COMMENT ON COLUMN investigate.dead_letters.client IS 'Client that sent it.';
COMMENT ON COLUMN investigate.dead_letters.block IS 'Journal block it is in.';
COMMENT ON COLUMN investigate.dead_letters.record IS 'Its place in the block, or its line in the body.';
COMMENT ON COLUMN investigate.dead_letters.code IS 'Reason, from a closed list: bad_json, bad_timestamp, refused_by_database ...';
COMMENT ON COLUMN investigate.dead_letters.reason IS 'Reason, as a sentence.';
COMMENT ON COLUMN investigate.dead_letters.sample IS 'First bytes of the record, without secrets.';
COMMENT ON COLUMN investigate.dead_letters.written_at IS 'When it was set aside.';

CREATE VIEW investigate.audit AS
SELECT n, at, actor, action, object, details FROM callerprint.audit;
COMMENT ON VIEW investigate.audit IS 'What people changed: alerts, endpoints, tokens, registry.';
COMMENT ON COLUMN investigate.audit.n IS 'Ascending number.';
COMMENT ON COLUMN investigate.audit.at IS 'When.';
COMMENT ON COLUMN investigate.audit.actor IS 'Who.';
COMMENT ON COLUMN investigate.audit.action IS 'What: alert.close, endpoint.add, token.revoke, registry.import ...';
COMMENT ON COLUMN investigate.audit.object IS 'Id of what was changed.';
COMMENT ON COLUMN investigate.audit.details IS 'Details, without secrets.';
