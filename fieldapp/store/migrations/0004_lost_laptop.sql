-- A laptop that can be lost: why a patient was opened, and entries on the wrong patient.

-- HL7 PurposeOfUse: TREAT, ETREAT, BTG. Part of the line's hash where it is given.
ALTER TABLE audit ADD COLUMN reason TEXT CHECK (reason IN ('TREAT', 'ETREAT', 'BTG'));

-- --- entries on the wrong patient ---

CREATE TABLE entry_correction (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    received_at TEXT,
    clock_offset_ms INTEGER,
    target_kind TEXT GENERATED ALWAYS AS (body ->> '$.target_kind') VIRTUAL,
    target_id TEXT GENERATED ALWAYS AS (body ->> '$.target_id') VIRTUAL
) STRICT;
CREATE INDEX entry_correction_by_patient ON entry_correction (patient_id);
CREATE INDEX entry_correction_by_target ON entry_correction (target_id);

CREATE TRIGGER entry_correction_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON entry_correction
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER entry_correction_is_not_deleted
BEFORE DELETE ON entry_correction
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

-- What was decided about them, by the server: names of what is gone, never its contents.
CREATE TABLE deletion (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    target_id TEXT GENERATED ALWAYS AS (body ->> '$.target_id') VIRTUAL
) STRICT;
CREATE INDEX deletion_by_patient ON deletion (patient_id);

-- --- how many rows wait, beside the number of acts: a page of the outbox that was put back from an
-- older copy is found out (fieldapp/store/wholeness.py) ---

INSERT INTO store_state (key, value) SELECT 'outbox_rows', count(*) FROM outbox WHERE 1
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

CREATE TRIGGER outbox_grew AFTER INSERT ON outbox
BEGIN
    UPDATE store_state SET value = CAST(value AS INTEGER) + 1 WHERE key = 'outbox_rows';
END;

CREATE TRIGGER outbox_shrank AFTER DELETE ON outbox
BEGIN
    UPDATE store_state SET value = CAST(value AS INTEGER) - 1 WHERE key = 'outbox_rows';
END;
