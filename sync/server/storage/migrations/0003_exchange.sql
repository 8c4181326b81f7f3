-- Protocol 2: one request per sync. Both databases read this file; `backfill.py` fills the new
-- tables from the records that are here already, in the same transaction.

-- A program of the older version must not store another version beside this one: it would leave
-- the marks and sums below behind. It looks for a row of the old name and fails.
UPDATE counter SET name = 'commit' WHERE name = 'seq';
ALTER TABLE counter ADD COLUMN mark TEXT NOT NULL DEFAULT '';
-- How often this server was set back to a backup, and the newest number when it last was.
ALTER TABLE counter ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE counter ADD COLUMN epoch_began BIGINT NOT NULL DEFAULT 0;
-- Below this number commit marks are no longer kept; laptops with an older cursor begin anew.
ALTER TABLE counter ADD COLUMN kept_from BIGINT NOT NULL DEFAULT 0;

-- One row for every transaction that took numbers: a chain over all that was ever stored up to
-- `seq`. A laptop shows with it that this is still the server that it knows.
CREATE TABLE commit_mark (
    seq BIGINT PRIMARY KEY,
    mark TEXT NOT NULL
);

-- Number and sum of the digests of a patient's newest versions; '' for the whole team's records.
CREATE TABLE patient_digest (
    patient_id TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    digest TEXT NOT NULL
);

-- By how much the laptop's clock was behind ours when the change was made, as far as it knew.
ALTER TABLE record ADD COLUMN offset_ms BIGINT;
ALTER TABLE record_history ADD COLUMN offset_ms BIGINT;

-- The place of the change in the queue of its laptop. The same place twice, with two changes: two
-- laptops go under one identity.
ALTER TABLE applied_change ADD COLUMN device_id TEXT;
ALTER TABLE applied_change ADD COLUMN sequence BIGINT;
CREATE INDEX applied_change_by_device ON applied_change (device_id, sequence)
    WHERE device_id IS NOT NULL;

ALTER TABLE device ADD COLUMN public_key TEXT;
ALTER TABLE device ADD COLUMN forked INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1));
ALTER TABLE device ADD COLUMN log_forked INTEGER NOT NULL DEFAULT 0 CHECK (log_forked IN (0, 1));
-- The newest line of the laptop's access log that is here.
ALTER TABLE device ADD COLUMN log_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN log_hash TEXT NOT NULL DEFAULT '';

-- Unsigned text, beside the journal: seen by its author, and by the recovery role with a reason.
CREATE TABLE draft (
    id TEXT NOT NULL,
    device_id TEXT NOT NULL REFERENCES device (id),
    user_id TEXT NOT NULL REFERENCES app_user (id),
    patient_id TEXT NOT NULL,
    form TEXT NOT NULL,
    encounter_id TEXT,
    body TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (id, device_id)
);
CREATE INDEX draft_by_user ON draft (user_id);
CREATE INDEX draft_by_device ON draft (device_id);

-- Lines of the laptops' access logs, each under the hash that the server worked out itself.
CREATE TABLE access_log (
    hash TEXT PRIMARY KEY,
    previous_hash TEXT NOT NULL,
    device_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT,
    record_id TEXT,
    patient_id TEXT,
    received_at TEXT NOT NULL
);
CREATE INDEX access_log_by_device ON access_log (device_id, sequence);
CREATE INDEX access_log_by_patient ON access_log (patient_id, at);

-- How a laptop stood when it last asked. offset_ms: our clock minus the laptop's.
CREATE TABLE device_report (
    device_id TEXT PRIMARY KEY REFERENCES device (id),
    user_id TEXT NOT NULL,
    received_at TEXT NOT NULL,
    offset_ms BIGINT NOT NULL,
    app_version TEXT NOT NULL,
    waiting BIGINT NOT NULL,
    parked BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    drafts_unsent BIGINT NOT NULL,
    last_complete TEXT,
    disk_encrypted INTEGER CHECK (disk_encrypted IN (0, 1))
);

-- Changes that were not stored, as they came, until they are dealt with. body is null where it is
-- too large or no JSON. settled_* say what the office made of it, and that is told to the laptop.
CREATE TABLE parked_change (
    change_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    patient_id TEXT,
    base_version BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    offset_ms BIGINT,
    body TEXT,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    settled_outcome TEXT,
    settled_version BIGINT,
    settled_by TEXT,
    settled_at TEXT,
    settled_reason TEXT,
    told_at TEXT,
    PRIMARY KEY (change_id, device_id)
);
CREATE INDEX parked_change_by_device ON parked_change (device_id, kind, id);

-- What the organisation has decided, by name. A rule that is not here has its default.
CREATE TABLE rule (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Doses that were given, by the slot they were planned in, and the counter-entries that take one
-- back. `handout` finds two doses in one slot without reading the patient's history.
CREATE TABLE handout (
    event_id TEXT PRIMARY KEY,
    slot TEXT NOT NULL,
    author_id TEXT NOT NULL,
    given INTEGER NOT NULL CHECK (given IN (0, 1)),
    reverses TEXT
);
CREATE INDEX handout_by_slot ON handout (slot);
CREATE INDEX handout_by_reverses ON handout (reverses) WHERE reverses IS NOT NULL;
