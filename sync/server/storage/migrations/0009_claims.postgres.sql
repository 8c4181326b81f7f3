-- Who may hand out which day (fieldapp/domain/claims.py). The claims themselves are records of the
-- kind 'claim', one for each patient, substance group and unit: their id is worked out from these,
-- and a record's id is unique.

-- newest_grant: the largest number that was ever given out or heard of. epoch: the one to which
-- waits_until and awaited_store belong. waits_until: until every awaited store has reported, no
-- claim is given out for days up to this one; '' where the server was never set back.
CREATE TABLE claim_state (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    newest_grant BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    waits_until TEXT NOT NULL
);
INSERT INTO claim_state (only_one, newest_grant, epoch, waits_until)
SELECT 1, 0, epoch, '' FROM counter WHERE name = 'commit';

-- A store is one user on one laptop. When each last said what it holds, and in which epoch.
-- set_back_place: the newest place of its queue when it last said that it was set back.
CREATE TABLE store_report (
    device_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    at TEXT NOT NULL,
    set_back_place BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (device_id, user_id)
);

-- The newest place of a queue from which two different changes came: two laptops go under one
-- identity, or one was set back and gives its places out anew.
CREATE TABLE doubtful_place (
    device_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (device_id, user_id)
);

-- The stores that have not said it since the server was set back.
CREATE TABLE awaited_store (
    device_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (device_id, user_id)
);

CREATE VIEW held_claim AS
SELECT seq, patient_id, (body::json ->> 'holder_device_id') AS holder_device_id,
    (body::json ->> 'holder_id') AS holder_id
FROM record WHERE kind = 'claim' AND (body::json ->> 'state') = 'held';
CREATE INDEX record_held_claims ON record ((body::json ->> 'holder_device_id'))
    WHERE kind = 'claim' AND (body::json ->> 'state') = 'held';
CREATE INDEX record_claims ON record (patient_id) WHERE kind = 'claim';
CREATE INDEX record_orders ON record (patient_id) WHERE kind = 'medication_request';
CREATE INDEX record_reopenings ON record (patient_id) WHERE kind = 'slot_reopening';

-- A text with the escape of a NUL can be stored as text but not be read as JSON.
CREATE VIEW known_person AS
SELECT seq,
    CASE WHEN strpos(body, '\u0000') = 0 THEN body::json ->> 'birth_date' END AS birth_date,
    CASE WHEN strpos(body, '\u0000') = 0 THEN replace(body::json ->> 'national_id', ' ', '') END
        AS national_id
FROM record WHERE kind = 'patient';
CREATE INDEX record_born ON record (
    (CASE WHEN strpos(body, '\u0000') = 0 THEN body::json ->> 'birth_date' END)
) WHERE kind = 'patient';
CREATE INDEX record_national_id ON record (
    (CASE WHEN strpos(body, '\u0000') = 0 THEN replace(body::json ->> 'national_id', ' ', '') END)
) WHERE kind = 'patient';
