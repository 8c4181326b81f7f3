-- What the office does, and what it needs to be quick about it.

-- Every act at the office, in order. Ids, codes and the reason a person gave; never changed.
CREATE TABLE office_log (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    act TEXT NOT NULL,
    allowed INTEGER NOT NULL CHECK (allowed IN (0, 1)),
    subject TEXT,
    patient_id TEXT,
    count BIGINT,
    reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX office_log_by_patient ON office_log (patient_id, number);

CREATE TRIGGER office_log_stays BEFORE UPDATE ON office_log
BEGIN
    SELECT RAISE(ABORT, 'a line of the log never changes');
END;

CREATE TRIGGER office_log_is_kept BEFORE DELETE ON office_log
BEGIN
    SELECT RAISE(ABORT, 'a line of the log is never deleted');
END;

-- Versions that the office stored on behalf of a laptop that could not.
CREATE TABLE taken_over (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    change_id TEXT NOT NULL,
    taken_over_by TEXT NOT NULL,
    at TEXT NOT NULL,
    corrected INTEGER NOT NULL CHECK (corrected IN (0, 1))
);

-- told_seq: the newest sequence when the laptop was first told; a cursor beyond it shows that the
-- laptop has heard. The row stays after that: it holds what its author wrote.
ALTER TABLE parked_change ADD COLUMN told_seq BIGINT;
ALTER TABLE parked_change ADD COLUMN acknowledged_at TEXT;
CREATE INDEX parked_change_open ON parked_change (at) WHERE settled_outcome IS NULL;

-- When the last page of a pull was last sent; whether it arrived, the next report tells.
ALTER TABLE device_report ADD COLUMN served_complete_at TEXT;

CREATE INDEX record_encounters ON record (author_id, received_at) WHERE kind = 'encounter';

CREATE VIEW planned_visit AS
SELECT id, json_extract(body, '$.practitioner_id') AS practitioner_id,
    json_extract(body, '$.day') AS day, json_extract(body, '$.time') AS time
FROM record
WHERE kind = 'appointment' AND json_extract(body, '$.status') = 'planned';
CREATE INDEX record_appointments ON record (
    json_extract(body, '$.practitioner_id'), json_extract(body, '$.day')
) WHERE kind = 'appointment';

CREATE VIEW open_item AS
SELECT kind, id, patient_id, seq FROM record
WHERE kind IN ('detected_issue', 'proposal') AND json_extract(body, '$.status') = 'open';
CREATE INDEX record_open_items ON record (kind, json_extract(body, '$.status'), seq)
    WHERE kind IN ('detected_issue', 'proposal');
