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
    "grant" INTEGER GENERATED ALWAYS AS (body ->> '$.grant') VIRTUAL,
    -- This store's own note: the grant after which a pull was completed. A purge takes it along.
    confirmed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX claim_by_patient ON claim (patient_id);
-- Of years of claims only a handful stand; these indexes hold no others.
CREATE INDEX claim_standing_by_patient ON claim (patient_id) WHERE state IN ('held', 'unknown');
CREATE INDEX claim_held ON claim (holder_id) WHERE state = 'held';

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
    administration_id TEXT GENERATED ALWAYS AS (body ->> '$.administration_id') VIRTUAL,
    author_id TEXT GENERATED ALWAYS AS (body ->> '$.author_id') VIRTUAL,
    source TEXT GENERATED ALWAYS AS (body ->> '$.source') VIRTUAL,
    target TEXT GENERATED ALWAYS AS (body ->> '$.target') VIRTUAL,
    reverses TEXT GENERATED ALWAYS AS (body ->> '$.reverses') VIRTUAL
) STRICT;
CREATE INDEX supply_movement_by_chain ON supply_movement (device_id, author_id, sequence);
CREATE INDEX supply_movement_by_source ON supply_movement (source, sequence);
CREATE INDEX supply_movement_by_target ON supply_movement (target, sequence);
CREATE INDEX supply_movement_packed ON supply_movement (device_id, author_id, target)
WHERE body ->> '$.type' = 'to_bag';
CREATE INDEX supply_movement_by_handout ON supply_movement (administration_id)
WHERE administration_id IS NOT NULL;
CREATE INDEX supply_movement_by_reversed ON supply_movement (reverses) WHERE reverses IS NOT NULL;

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
    "grant" INTEGER NOT NULL,
    -- 1 once the server has said that it heard of it.
    told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1))
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

-- --- a dose is given once, and under a claim ---

ALTER TABLE medication_administration
    ADD COLUMN occurrence INTEGER GENERATED ALWAYS AS (body ->> '$.injection.occurrence') VIRTUAL;
CREATE INDEX medication_administration_by_patient_day
    ON medication_administration (patient_id, day);
CREATE INDEX medication_administration_injections
    ON medication_administration (patient_id, day) WHERE occurrence IS NOT NULL;

-- What the rule in the program says stands here a second time, for the day on which it fails. An
-- emergency (`forced`) and what has already happened (`retrospective`) are never refused; neither
-- is what comes from the server.
--
-- A dose keeps its slot closed although it was taken back, unless its giver did so on the same
-- laptop before it was sent (`reopens`), or the office has opened the slot.

DROP TRIGGER medication_administration_given_once;
CREATE TRIGGER medication_administration_given_once
BEFORE INSERT ON medication_administration
WHEN NEW.received = 0
    AND NEW.body ->> '$.status' = 'given'
    AND coalesce(NEW.body ->> '$.retrospective', 0) = 0
    AND NEW.body ->> '$.forced' IS NULL
    AND EXISTS (
        SELECT 1 FROM medication_administration AS earlier
        WHERE earlier.patient_id = NEW.patient_id
            AND earlier.request_id = NEW.body ->> '$.request_id'
            AND earlier.day = NEW.body ->> '$.day'
            AND earlier.part = NEW.body ->> '$.part'
            AND earlier.status = 'given'
            AND earlier.id <> NEW.id
            AND NOT EXISTS (
                SELECT 1 FROM medication_administration AS counter_entry
                WHERE counter_entry.reverses = earlier.id
                    AND counter_entry.body ->> '$.reopens' = 1
                    AND counter_entry.body ->> '$.author_id' = earlier.body ->> '$.author_id'
                    AND counter_entry.body ->> '$.device_id' = earlier.body ->> '$.device_id'
            )
            AND NOT EXISTS (
                SELECT 1
                FROM slot_reopening, json_each(slot_reopening.body, '$.administration_ids') AS named
                WHERE slot_reopening.patient_id = NEW.patient_id AND named.value = earlier.id
            )
    )
BEGIN
    SELECT RAISE(ABORT, 'slot_already_given');
END;

CREATE TRIGGER medication_administration_injected_once
BEFORE INSERT ON medication_administration
WHEN NEW.received = 0
    AND NEW.body ->> '$.status' = 'given'
    AND coalesce(NEW.body ->> '$.retrospective', 0) = 0
    AND NEW.body ->> '$.forced' IS NULL
    AND NEW.body ->> '$.injection' IS NOT NULL
    AND EXISTS (
        SELECT 1 FROM medication_administration AS earlier
        WHERE earlier.patient_id = NEW.patient_id
            AND earlier.occurrence = NEW.body ->> '$.injection.occurrence'
            AND earlier.body ->> '$.group' = NEW.body ->> '$.group'
            AND earlier.status = 'given'
            AND earlier.id <> NEW.id
            AND NOT EXISTS (
                SELECT 1 FROM medication_administration AS counter_entry
                WHERE counter_entry.reverses = earlier.id
                    AND counter_entry.body ->> '$.reopens' = 1
                    AND counter_entry.body ->> '$.author_id' = earlier.body ->> '$.author_id'
                    AND counter_entry.body ->> '$.device_id' = earlier.body ->> '$.device_id'
            )
            AND NOT EXISTS (
                SELECT 1
                FROM slot_reopening, json_each(slot_reopening.body, '$.administration_ids') AS named
                WHERE slot_reopening.patient_id = NEW.patient_id AND named.value = earlier.id
            )
    )
BEGIN
    SELECT RAISE(ABORT, 'slot_already_given');
END;

CREATE TRIGGER medication_administration_is_claimed
BEFORE INSERT ON medication_administration
WHEN NEW.received = 0
    AND NEW.body ->> '$.status' = 'given'
    AND coalesce(NEW.body ->> '$.retrospective', 0) = 0
    AND NEW.body ->> '$.forced' IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM claim
        WHERE claim.id = NEW.body ->> '$.claim.claim_id'
            AND claim.patient_id = NEW.patient_id
            AND claim."group" = NEW.body ->> '$.group'
            AND claim.unit = coalesce(
                '#' || (NEW.body ->> '$.injection.occurrence'), NEW.body ->> '$.day'
            )
            AND claim.state = 'held'
            AND claim.holder_device_id = NEW.body ->> '$.device_id'
            AND claim.holder_id = NEW.body ->> '$.author_id'
            AND claim."grant" = NEW.body ->> '$.claim.grant'
            AND NOT EXISTS (
                SELECT 1 FROM claim_drop
                WHERE claim_drop.claim_id = claim.id AND claim_drop."grant" >= claim."grant"
            )
    )
BEGIN
    SELECT RAISE(ABORT, 'dose_not_claimed');
END;

-- What names a witness, so that "waits for your signature" reads no other dose.
CREATE INDEX medication_administration_by_witness
ON medication_administration (body ->> '$.witness.practitioner_id')
WHERE body ->> '$.witness.practitioner_id' IS NOT NULL;
CREATE INDEX supply_movement_by_witness ON supply_movement (body ->> '$.witness_id')
WHERE body ->> '$.witness_id' IS NOT NULL;
CREATE INDEX witness_statement_by_target ON witness_statement (target_id);
