-- The store of one laptop.
--
-- Every kind of record has a table of its own name and of one shape. `body` is the JSON object as it
-- travels, kept word for word: fields and records of a newer program survive here. What is searched,
-- sorted or guarded is generated from the body, so that the two can never disagree.
--
--   version   server sequence of the version this row is based on; 0: the server never had it
--   received  1: the row came from the server; 0: it was made on this laptop

-- --- the server's records, and those that people edit ---

CREATE TABLE practitioner (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    username TEXT GENERATED ALWAYS AS (body ->> '$.username') VIRTUAL,
    active INTEGER GENERATED ALWAYS AS (body ->> '$.active') VIRTUAL
) STRICT;

CREATE TABLE patient (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    national_id TEXT GENERATED ALWAYS AS (body ->> '$.national_id') VIRTUAL,
    active INTEGER GENERATED ALWAYS AS (body ->> '$.active') VIRTUAL
) STRICT;
CREATE INDEX patient_by_national ON patient (national_id);

CREATE TABLE assignment (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    practitioner_id TEXT GENERATED ALWAYS AS (body ->> '$.practitioner_id') VIRTUAL,
    active INTEGER GENERATED ALWAYS AS (body ->> '$.active') VIRTUAL
) STRICT;
CREATE INDEX assignment_by_patient ON assignment (patient_id);
CREATE INDEX assignment_by_practitioner ON assignment (practitioner_id);

CREATE TABLE flag (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    category TEXT GENERATED ALWAYS AS (body ->> '$.category') VIRTUAL,
    active INTEGER GENERATED ALWAYS AS (body ->> '$.active') VIRTUAL
) STRICT;
CREATE INDEX flag_by_patient ON flag (patient_id);

CREATE TABLE contact (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    active INTEGER GENERATED ALWAYS AS (body ->> '$.active') VIRTUAL
) STRICT;
CREATE INDEX contact_by_patient ON contact (patient_id);

CREATE TABLE medication_request (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    place TEXT GENERATED ALWAYS AS (body ->> '$.place') VIRTUAL,
    valid_from TEXT GENERATED ALWAYS AS (body ->> '$.valid_from') VIRTUAL
) STRICT;
CREATE INDEX medication_request_by_patient ON medication_request (patient_id);

CREATE TABLE appointment (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    practitioner_id TEXT GENERATED ALWAYS AS (body ->> '$.practitioner_id') VIRTUAL,
    day TEXT GENERATED ALWAYS AS (body ->> '$.day') VIRTUAL,
    time TEXT GENERATED ALWAYS AS (body ->> '$.time') VIRTUAL,
    status TEXT GENERATED ALWAYS AS (body ->> '$.status') VIRTUAL
) STRICT;
CREATE INDEX appointment_by_patient_day ON appointment (patient_id, day);
CREATE INDEX appointment_by_practitioner_day ON appointment (practitioner_id, day);

CREATE TABLE encounter (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    appointment_id TEXT GENERATED ALWAYS AS (body ->> '$.appointment_id') VIRTUAL,
    author_id TEXT GENERATED ALWAYS AS (body ->> '$.author_id') VIRTUAL,
    status TEXT GENERATED ALWAYS AS (body ->> '$.status') VIRTUAL,
    started_at TEXT GENERATED ALWAYS AS (body ->> '$.started_at') VIRTUAL
) STRICT;
CREATE INDEX encounter_by_patient_started_at ON encounter (patient_id, started_at);
-- Most rows hold NULL here: only a partial index looks selective to the planner.
CREATE INDEX encounter_by_appointment ON encounter (appointment_id) WHERE appointment_id IS NOT NULL;
CREATE INDEX encounter_by_status ON encounter (status);

-- --- clinical events: signed or given, and from then on unchangeable ---

CREATE TABLE medication_administration (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    request_id TEXT GENERATED ALWAYS AS (body ->> '$.request_id') VIRTUAL,
    day TEXT GENERATED ALWAYS AS (body ->> '$.day') VIRTUAL,
    part TEXT GENERATED ALWAYS AS (body ->> '$.part') VIRTUAL,
    status TEXT GENERATED ALWAYS AS (body ->> '$.status') VIRTUAL,
    retrospective INTEGER GENERATED ALWAYS AS (body ->> '$.retrospective') VIRTUAL,
    reverses TEXT GENERATED ALWAYS AS (body ->> '$.reverses') VIRTUAL,
    given_at TEXT GENERATED ALWAYS AS (body ->> '$.given_at') VIRTUAL,
    encounter_id TEXT GENERATED ALWAYS AS (body ->> '$.encounter_id') VIRTUAL
) STRICT;
CREATE INDEX medication_administration_by_patient_request_day_part ON medication_administration (patient_id, request_id, day, part);
CREATE INDEX medication_administration_by_patient_given_at ON medication_administration (patient_id, given_at);
CREATE INDEX medication_administration_by_reverses ON medication_administration (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX medication_administration_by_day ON medication_administration (day);

CREATE TABLE note (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    author_id TEXT GENERATED ALWAYS AS (body ->> '$.author_id') VIRTUAL,
    signed_at TEXT GENERATED ALWAYS AS (body ->> '$.signed_at') VIRTUAL,
    addendum_to TEXT GENERATED ALWAYS AS (body ->> '$.addendum_to') VIRTUAL,
    encounter_id TEXT GENERATED ALWAYS AS (body ->> '$.encounter_id') VIRTUAL
) STRICT;
CREATE INDEX note_by_patient_signed_at ON note (patient_id, signed_at);
CREATE INDEX note_by_addendum_to ON note (addendum_to) WHERE addendum_to IS NOT NULL;

CREATE TABLE screening_response (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    instrument TEXT GENERATED ALWAYS AS (body ->> '$.instrument') VIRTUAL,
    authored_at TEXT GENERATED ALWAYS AS (body ->> '$.authored_at') VIRTUAL
) STRICT;
CREATE INDEX screening_response_by_patient_instrument_authored_at ON screening_response (patient_id, instrument, authored_at);

CREATE TABLE rapid_test (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    received INTEGER NOT NULL DEFAULT 0 CHECK (received IN (0, 1)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    taken_at TEXT GENERATED ALWAYS AS (body ->> '$.taken_at') VIRTUAL
) STRICT;
CREATE INDEX rapid_test_by_patient_taken_at ON rapid_test (patient_id, taken_at);

-- Text, author and time of an event lie in its body. Only the server's number may still change.
-- INSERT OR REPLACE deletes and is stopped as such: every connection has recursive_triggers on. (A
-- trigger on insert would cost half a millisecond per row, for the statement journal is encrypted.)
-- A patient who is no longer followed here leaves the laptop as a whole: the sync names that patient
-- under 'purging' for the length of one transaction.

CREATE TRIGGER medication_administration_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON medication_administration
WHEN NEW.id IS NOT OLD.id OR NEW.patient_id IS NOT OLD.patient_id OR NEW.body IS NOT OLD.body
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER medication_administration_is_not_deleted
BEFORE DELETE ON medication_administration
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER note_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON note
WHEN NEW.id IS NOT OLD.id OR NEW.patient_id IS NOT OLD.patient_id OR NEW.body IS NOT OLD.body
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER note_is_not_deleted
BEFORE DELETE ON note
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER screening_response_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON screening_response
WHEN NEW.id IS NOT OLD.id OR NEW.patient_id IS NOT OLD.patient_id OR NEW.body IS NOT OLD.body
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER screening_response_is_not_deleted
BEFORE DELETE ON screening_response
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER rapid_test_is_not_changed
BEFORE UPDATE OF id, patient_id, body ON rapid_test
WHEN NEW.id IS NOT OLD.id OR NEW.patient_id IS NOT OLD.patient_id OR NEW.body IS NOT OLD.body
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

CREATE TRIGGER rapid_test_is_not_deleted
BEFORE DELETE ON rapid_test
WHEN NOT EXISTS (
    SELECT 1 FROM store_state WHERE key = 'purging' AND value = OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'event_is_locked');
END;

-- A dose is given once in its slot. Two laptops without coverage may still both give it; then both
-- events are kept (received = 1), and so is what is recorded afterwards with a reason.
CREATE TRIGGER medication_administration_given_once
BEFORE INSERT ON medication_administration
WHEN NEW.received = 0
    AND NEW.body ->> '$.status' = 'given'
    AND coalesce(NEW.body ->> '$.retrospective', 0) = 0
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
            )
    )
BEGIN
    SELECT RAISE(ABORT, 'slot_already_given');
END;

-- --- records that this version cannot read, kept word for word for the next one ---

CREATE TABLE unknown_record (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    patient_id TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX unknown_record_by_patient ON unknown_record (patient_id);

-- --- unsigned work; stays on this laptop ---

CREATE TABLE draft (
    id TEXT NOT NULL PRIMARY KEY,
    patient_id TEXT NOT NULL,
    encounter_id TEXT,
    form TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    saved_at TEXT NOT NULL,
    open INTEGER NOT NULL CHECK (open IN (0, 1))
) STRICT;
CREATE INDEX draft_by_patient ON draft (patient_id);

-- --- what waits to be sent; written in the same transaction as the record ---

-- base_body is the record as it stood before the change, for the choice between two edits.
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    change_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    record_id TEXT NOT NULL,
    patient_id TEXT,
    body TEXT NOT NULL CHECK (json_valid(body)),
    base_body TEXT CHECK (base_body IS NULL OR json_valid(base_body)),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'in_flight', 'parked')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at TEXT NOT NULL,
    reason_code TEXT,
    reason_detail TEXT,
    server_body TEXT CHECK (server_body IS NULL OR json_valid(server_body)),
    server_version INTEGER
) STRICT;
CREATE INDEX outbox_by_record ON outbox (kind, record_id, sequence);
CREATE INDEX outbox_by_state ON outbox (state, sequence);
CREATE INDEX outbox_by_patient ON outbox (patient_id);

-- --- the store's own memory: cursor of the pull, the device's counter, the enrolment ---

CREATE TABLE store_state (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- --- who did what, when: a chain in which no link can be changed, taken out or slipped in ---

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT,
    record_id TEXT,
    patient_id TEXT,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_is_not_changed
BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;

CREATE TRIGGER audit_is_not_deleted
BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;

CREATE TRIGGER audit_is_appended
BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE sequence >= NEW.sequence AND NEW.sequence > 0)
    OR NEW.previous_hash IS NOT coalesce(
        (SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1), ''
    )
BEGIN
    SELECT RAISE(ABORT, 'audit_is_append_only');
END;
