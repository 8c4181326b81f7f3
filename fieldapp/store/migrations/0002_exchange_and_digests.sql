-- What two-way syncs in one request need; two new kinds, both of the one shape.

-- --- wishes about what the server owns, and dangers that it found ---

CREATE TABLE proposal (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    target_id TEXT GENERATED ALWAYS AS (body ->> '$.target_id') VIRTUAL,
    author_id TEXT GENERATED ALWAYS AS (body ->> '$.author_id') VIRTUAL,
    status TEXT GENERATED ALWAYS AS (body ->> '$.status') VIRTUAL
) STRICT;
CREATE INDEX proposal_by_patient ON proposal (patient_id);
CREATE INDEX proposal_by_status ON proposal (status);

CREATE TABLE detected_issue (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    code TEXT GENERATED ALWAYS AS (body ->> '$.code') VIRTUAL,
    status TEXT GENERATED ALWAYS AS (body ->> '$.status') VIRTUAL
) STRICT;
CREATE INDEX detected_issue_by_patient ON detected_issue (patient_id);
CREATE INDEX detected_issue_by_status ON detected_issue (status);

-- --- when the server received an event, and how far its author's clock was off by then ---

ALTER TABLE medication_administration ADD COLUMN received_at TEXT;
ALTER TABLE medication_administration ADD COLUMN clock_offset_ms INTEGER;
ALTER TABLE note ADD COLUMN received_at TEXT;
ALTER TABLE note ADD COLUMN clock_offset_ms INTEGER;
ALTER TABLE screening_response ADD COLUMN received_at TEXT;
ALTER TABLE screening_response ADD COLUMN clock_offset_ms INTEGER;
ALTER TABLE rapid_test ADD COLUMN received_at TEXT;
ALTER TABLE rapid_test ADD COLUMN clock_offset_ms INTEGER;

-- Two patients who are one person are joined at the office: the events of both then stand under one
-- of them, and not a letter of them changes. The sync names that patient under 'joining' for the
-- length of one transaction.

DROP TRIGGER medication_administration_is_not_changed;
CREATE TRIGGER medication_administration_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON medication_administration
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

DROP TRIGGER note_is_not_changed;
CREATE TRIGGER note_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON note
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

DROP TRIGGER screening_response_is_not_changed;
CREATE TRIGGER screening_response_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON screening_response
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

DROP TRIGGER rapid_test_is_not_changed;
CREATE TRIGGER rapid_test_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON rapid_test
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

-- --- the queue: most urgent first ---

-- clock_offset_ms  how far this laptop's clock was behind the server's, as far as it knew
-- seen_*           what a pull brought of the record while this change was unsent
-- server_by        who wrote server_body, on which laptop and when it came, as far as told (JSON)
-- seen_by          the same of seen_body
-- handed_over_at   since when the office is asked to deal with this change
ALTER TABLE outbox ADD COLUMN urgency INTEGER NOT NULL DEFAULT 2;
ALTER TABLE outbox ADD COLUMN clock_offset_ms INTEGER;
ALTER TABLE outbox ADD COLUMN seen_version INTEGER;
ALTER TABLE outbox ADD COLUMN seen_body TEXT CHECK (seen_body IS NULL OR json_valid(seen_body));
ALTER TABLE outbox ADD COLUMN seen_by TEXT CHECK (seen_by IS NULL OR json_valid(seen_by));
ALTER TABLE outbox ADD COLUMN server_by TEXT CHECK (server_by IS NULL OR json_valid(server_by));
ALTER TABLE outbox ADD COLUMN handed_over_at TEXT;
UPDATE outbox SET urgency = CASE
    WHEN kind = 'patient' AND base_body IS NULL THEN 0
    WHEN kind = 'medication_administration' THEN 1
    WHEN kind = 'note' THEN 3
    ELSE 2
END;
CREATE INDEX outbox_by_urgency ON outbox (state, urgency, sequence);

-- --- unsigned work travels too ---

-- offered  1: it may have reached the server, so that the server has to hear when it goes
-- sent_at  `saved_at` of the state that the server holds for certain
ALTER TABLE draft ADD COLUMN offered INTEGER NOT NULL DEFAULT 0 CHECK (offered IN (0, 1));
ALTER TABLE draft ADD COLUMN sent_at TEXT;

-- Drafts that were signed or discarded here and that the server may still hold.
CREATE TABLE dropped_draft (
    id TEXT NOT NULL PRIMARY KEY
) STRICT;

CREATE TRIGGER draft_is_told_as_dropped
AFTER DELETE ON draft
WHEN OLD.offered = 1
BEGIN
    INSERT OR IGNORE INTO dropped_draft (id) VALUES (OLD.id);
END;

-- Drafts of the same author from another laptop; to read, never to edit or to join.
CREATE TABLE foreign_draft (
    id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    device_name TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    encounter_id TEXT,
    form TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    saved_at TEXT NOT NULL,
    PRIMARY KEY (id, device_id)
) STRICT;
CREATE INDEX foreign_draft_by_patient ON foreign_draft (patient_id);

-- --- what the server should hold, patient by patient ('': the whole team's records) ---

-- Kept up in the transaction that changes a record; see fieldapp/domain/digests.py.
CREATE TABLE patient_digest (
    patient_id TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    digest TEXT NOT NULL
) STRICT;

-- A store that holds nothing yet has its sums; an older one gets them before its next comparison.
INSERT INTO store_state (key, value)
SELECT 'digests_kept', '1'
WHERE NOT EXISTS (SELECT 1 FROM practitioner)
    AND NOT EXISTS (SELECT 1 FROM patient)
    AND NOT EXISTS (SELECT 1 FROM unknown_record);

-- What has arrived in a pull that began anew: 'patient' for anybody of whom there was anything, and
-- every record of the whole team by its own kind.
CREATE TABLE arrived (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX audit_by_hash ON audit (hash);
