-- What the office does, and what it needs to be quick about it.

-- Every act at the office, in order. Ids, codes and the reason a person gave; never changed.
CREATE TABLE office_log (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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

CREATE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a line of the log is never changed or deleted';
END
$$;

CREATE TRIGGER office_log_stays BEFORE UPDATE OR DELETE ON office_log
FOR EACH ROW EXECUTE FUNCTION refuse_log_change();

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
SELECT id, (body::json ->> 'practitioner_id') AS practitioner_id,
    (body::json ->> 'day') AS day, (body::json ->> 'time') AS time
FROM record
WHERE kind = 'appointment' AND (body::json ->> 'status') = 'planned';
CREATE INDEX record_appointments ON record (
    (body::json ->> 'practitioner_id'), (body::json ->> 'day')
) WHERE kind = 'appointment';

CREATE VIEW open_item AS
SELECT kind, id, patient_id, seq FROM record
WHERE kind IN ('detected_issue', 'proposal') AND (body::json ->> 'status') = 'open';
CREATE INDEX record_open_items ON record (kind, (body::json ->> 'status'), seq)
    WHERE kind IN ('detected_issue', 'proposal');
