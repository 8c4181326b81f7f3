-- Handing out without coverage: claims, what happens around a dose, and the narcotics register.

CREATE TABLE claim (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    "group" TEXT GENERATED ALWAYS AS (body ->> '$.group') VIRTUAL,
    unit TEXT GENERATED ALWAYS AS (body ->> '$.unit') VIRTUAL,
    state TEXT GENERATED ALWAYS AS (body ->> '$.state') VIRTUAL,
    holder_device_id TEXT GENERATED ALWAYS AS (body ->> '$.holder_device_id') VIRTUAL,
    holder_id TEXT GENERATED ALWAYS AS (body ->> '$.holder_id') VIRTUAL,
    "grant" INTEGER GENERATED ALWAYS AS (body ->> '$.grant') VIRTUAL
) STRICT;
CREATE INDEX claim_by_patient ON claim (patient_id);

CREATE TABLE slot_reopening (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    decided_at TEXT GENERATED ALWAYS AS (body ->> '$.decided_at') VIRTUAL
) STRICT;
CREATE INDEX slot_reopening_by_patient ON slot_reopening (patient_id);

CREATE TABLE witness_code (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE pharmacy_report (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    received_at TEXT,
    clock_offset_ms INTEGER,
    day TEXT GENERATED ALWAYS AS (body ->> '$.day') VIRTUAL,
    recorded_at TEXT GENERATED ALWAYS AS (body ->> '$.recorded_at') VIRTUAL
) STRICT;
CREATE INDEX pharmacy_report_by_patient ON pharmacy_report (patient_id);

CREATE TABLE dose_incident (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    received_at TEXT,
    clock_offset_ms INTEGER,
    happened_at TEXT GENERATED ALWAYS AS (body ->> '$.happened_at') VIRTUAL
) STRICT;
CREATE INDEX dose_incident_by_patient ON dose_incident (patient_id);

CREATE TABLE witness_statement (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    received_at TEXT,
    clock_offset_ms INTEGER,
    target_id TEXT GENERATED ALWAYS AS (body ->> '$.target_id') VIRTUAL
) STRICT;
CREATE INDEX witness_statement_by_patient ON witness_statement (patient_id);

CREATE TABLE communication (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    received_at TEXT,
    clock_offset_ms INTEGER,
    happened_at TEXT GENERATED ALWAYS AS (body ->> '$.happened_at') VIRTUAL
) STRICT;
CREATE INDEX communication_by_patient ON communication (patient_id);

CREATE TABLE medication_dispense (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    received_at TEXT,
    clock_offset_ms INTEGER,
    handed_over_at TEXT GENERATED ALWAYS AS (body ->> '$.handed_over_at') VIRTUAL
) STRICT;
CREATE INDEX medication_dispense_by_patient ON medication_dispense (patient_id);

CREATE TABLE adverse_event (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    happened_at TEXT GENERATED ALWAYS AS (body ->> '$.happened_at') VIRTUAL
) STRICT;
CREATE INDEX adverse_event_by_patient ON adverse_event (patient_id);

CREATE TABLE paper_sheet (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    status TEXT GENERATED ALWAYS AS (body ->> '$.status') VIRTUAL
) STRICT;

CREATE TABLE supply_movement (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    received_at TEXT,
    clock_offset_ms INTEGER,
    device_id TEXT GENERATED ALWAYS AS (body ->> '$.device_id') VIRTUAL,
    sequence INTEGER GENERATED ALWAYS AS (body ->> '$.sequence') VIRTUAL,
    happened_at TEXT GENERATED ALWAYS AS (body ->> '$.happened_at') VIRTUAL,
    administration_id TEXT GENERATED ALWAYS AS (body ->> '$.administration_id') VIRTUAL
) STRICT;

-- Events stay as they are; see the first migration.

CREATE TRIGGER pharmacy_report_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON pharmacy_report
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER pharmacy_report_is_not_deleted
BEFORE DELETE ON pharmacy_report
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER dose_incident_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON dose_incident
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER dose_incident_is_not_deleted
BEFORE DELETE ON dose_incident
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER witness_statement_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON witness_statement
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER witness_statement_is_not_deleted
BEFORE DELETE ON witness_statement
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER communication_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON communication
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER communication_is_not_deleted
BEFORE DELETE ON communication
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER medication_dispense_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON medication_dispense
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER medication_dispense_is_not_deleted
BEFORE DELETE ON medication_dispense
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER supply_movement_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON supply_movement
WHEN NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body OR (
    NEW.patient_id IS NOT OLD.patient_id AND NOT EXISTS (
        SELECT 1 FROM store_state WHERE key = 'joining' AND value = NEW.patient_id
    )
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER supply_movement_is_not_deleted
BEFORE DELETE ON supply_movement
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

-- --- what this store itself knows of its claims; none of it travels as a record ---

-- The grants that this store has given up. Written before the server is told; an older word of the
-- server then changes nothing.
CREATE TABLE claim_drop (
    claim_id TEXT NOT NULL PRIMARY KEY,
    "grant" INTEGER NOT NULL
) STRICT;

-- What its user has asked for and the server has not granted yet.
CREATE TABLE claim_wish (
    patient_id TEXT NOT NULL,
    "group" TEXT NOT NULL,
    unit TEXT NOT NULL,
    wished_at TEXT NOT NULL,
    denied TEXT,
    denied_body TEXT CHECK (denied_body IS NULL OR json_valid(denied_body)),
    PRIMARY KEY (patient_id, "group", unit)
) STRICT;
