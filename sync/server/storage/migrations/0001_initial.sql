-- Both databases read this file. Times are ISO text in UTC, bodies are JSON text kept word for
-- word, truth values are 0 and 1.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row. Every accepted version takes the next number while it holds this row's lock, so
-- numbers become visible in their own order and a cursor never runs past an unseen one.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('seq', 0);

-- The newest version of every record. patient_id is null for records of the whole team.
CREATE TABLE record (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    patient_id TEXT,
    seq BIGINT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    immutable INTEGER NOT NULL CHECK (immutable IN (0, 1)),
    out_of_scope INTEGER NOT NULL DEFAULT 0 CHECK (out_of_scope IN (0, 1)),
    author_id TEXT,
    device_id TEXT,
    received_at TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX record_by_patient ON record (patient_id, seq);

-- Versions that a newer one replaced: the base of a later merge. The newest stands in record.
CREATE TABLE record_history (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    author_id TEXT,
    device_id TEXT,
    received_at TEXT NOT NULL
);
CREATE INDEX record_history_by_record ON record_history (kind, id, seq);

-- What became of a pushed change that was stored, so that the same change sent again is answered
-- and not applied again.
CREATE TABLE applied_change (
    change_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    seq BIGINT NOT NULL
);

CREATE TABLE app_user (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
);

-- A grant is never changed but by its end; a patient given back is a new row.
CREATE TABLE scope_grant (
    seq BIGINT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES app_user (id),
    ended_seq BIGINT
);
CREATE UNIQUE INDEX scope_grant_standing
    ON scope_grant (user_id, patient_id) WHERE ended_seq IS NULL;
CREATE INDEX scope_grant_by_user ON scope_grant (user_id, seq);
CREATE INDEX scope_grant_by_patient ON scope_grant (patient_id);

CREATE TABLE device (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES app_user (id),
    secret_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    platform TEXT NOT NULL,
    app_version TEXT NOT NULL,
    enrolled_at TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
);

CREATE TABLE enrol_code (
    code_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES app_user (id),
    expires_at TEXT NOT NULL,
    failed_tries INTEGER NOT NULL DEFAULT 0,
    used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1))
);
CREATE INDEX enrol_code_by_user ON enrol_code (user_id);

CREATE TABLE token (
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES app_user (id),
    device_id TEXT NOT NULL REFERENCES device (id),
    expires_at TEXT NOT NULL
);
CREATE INDEX token_by_device ON token (device_id);
