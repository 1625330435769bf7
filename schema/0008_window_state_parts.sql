-- The window state in compressed parts, each a row, so that it is never in memory as one text. The
-- parts of a state are replaced together.
ALTER TABLE callerprint.window_state
    ADD COLUMN part integer NOT NULL DEFAULT 0 CHECK (part >= 0),
    DROP CONSTRAINT window_state_pkey,
    ADD PRIMARY KEY (source, partition, part);
ALTER TABLE callerprint.window_state ALTER COLUMN part DROP DEFAULT;
