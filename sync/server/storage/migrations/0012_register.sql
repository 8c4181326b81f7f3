-- A laptop whose lines of the narcotics register do not hang together.
ALTER TABLE device ADD COLUMN register_broken INTEGER NOT NULL DEFAULT 0
    CHECK (register_broken IN (0, 1));

-- The places of the lines in their chains. One user on one laptop has one chain.
CREATE TABLE register_line (
    record_id TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL,
    author_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX register_line_by_chain ON register_line (device_id, author_id, place);
