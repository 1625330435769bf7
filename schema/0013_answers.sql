-- Answers to presence questions, as they were given: the record's bytes are what was signed. The id
-- is a digest of the record, so that one question over the same data is one row; who asked when and
-- for which case is in the audit each time.
CREATE TABLE callerprint.answers (
    id text PRIMARY KEY,
    asked_at timestamptz NOT NULL, -- first time
    asked_by text NOT NULL,
    case_ref text NOT NULL,
    period_from timestamptz NOT NULL,
    period_to timestamptz NOT NULL,
    as_of timestamptz,
    use text NOT NULL CHECK (use IN ('used', 'likely_used', 'inconclusive', 'not_observed',
                                     'not_issued', 'cannot_say')),
    licence text NOT NULL CHECK (licence IN ('licensed', 'unlicensed', 'unclear', 'not_applicable')),
    confidence double precision NOT NULL,
    statement text NOT NULL,
    record text NOT NULL,
    CHECK (period_from < period_to)
);
CREATE INDEX answers_case ON callerprint.answers (case_ref, asked_at);
CREATE INDEX answers_asked ON callerprint.answers USING brin (asked_at);
CREATE INDEX audit_actor ON callerprint.audit (actor, action, at);

CREATE VIEW investigate.answers AS
SELECT id AS answer_id, asked_at, asked_by, case_ref, period_from, period_to, as_of, use, licence,
       confidence, statement, record::jsonb AS record
FROM callerprint.answers;
COMMENT ON VIEW investigate.answers IS 'Answers to "is this party using our API?", as they were given.';
COMMENT ON COLUMN investigate.answers.answer_id IS 'Digest of the record; the same question over the same data has the same.';
COMMENT ON COLUMN investigate.answers.asked_at IS 'When it was first asked.';
COMMENT ON COLUMN investigate.answers.asked_by IS 'Who asked first.';
COMMENT ON COLUMN investigate.answers.case_ref IS 'Case that it was asked for.';
COMMENT ON COLUMN investigate.answers.period_from IS 'Beginning of the period asked about.';
COMMENT ON COLUMN investigate.answers.period_to IS 'End of the period; not part of it.';
COMMENT ON COLUMN investigate.answers.as_of IS 'What was known then was asked for; NULL: all that was known when it was asked.';
COMMENT ON COLUMN investigate.answers.use IS 'used, likely_used, inconclusive, not_observed, not_issued or cannot_say.';
COMMENT ON COLUMN investigate.answers.licence IS 'licensed, unlicensed, unclear or not_applicable, by what is known now.';
COMMENT ON COLUMN investigate.answers.confidence IS 'Posterior of the use; 0.95 for not_observed, whose bound is in the record.';
COMMENT ON COLUMN investigate.answers.statement IS 'The answer in words.';
COMMENT ON COLUMN investigate.answers.record IS 'The whole record: evidence, coverage, power, limits, signature.';
GRANT SELECT ON investigate.answers TO callerprint_read;
COMMENT ON COLUMN investigate.key_origins.client IS 'What the caller''s program calls itself, client software and its version, of the first call in the hour.';
COMMENT ON COLUMN investigate.origins.client IS 'What a caller''s program calls itself, client software and version seen there.';
