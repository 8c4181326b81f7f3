-- Patients who were found to be one person: whatever still names the loser is the winner's, for
-- ever. winner_id is never itself a loser: a later join moves the earlier ones along.
CREATE TABLE patient_alias (
    loser_id TEXT PRIMARY KEY,
    winner_id TEXT NOT NULL CHECK (winner_id <> loser_id),
    joined_by TEXT,
    joined_at TEXT NOT NULL
);
CREATE INDEX patient_alias_by_winner ON patient_alias (winner_id);

-- Courier files that were received: the same file given in again brings back no draft that has been
-- signed or thrown away meanwhile.
CREATE TABLE courier_file (
    sha256 TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    sequence BIGINT NOT NULL,
    received_at TEXT NOT NULL,
    received_by TEXT,
    changes BIGINT NOT NULL,
    review INTEGER NOT NULL CHECK (review IN (0, 1))
);
