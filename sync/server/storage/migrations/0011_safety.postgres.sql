-- Handouts by patient and day, so that a dose is looked at together with those around it without
-- reading the patient's history. `day` is the day that a dose counts for; of an injection, the day
-- it was given. `reopens`: a counter-entry that opens the slot again.

ALTER TABLE handout ADD COLUMN patient_id TEXT;
ALTER TABLE handout ADD COLUMN day TEXT;
ALTER TABLE handout ADD COLUMN reopens INTEGER NOT NULL DEFAULT 0;
UPDATE handout SET patient_id = slot::json ->> 0, day = slot::json ->> 2;
CREATE INDEX handout_by_day ON handout (patient_id, day);

-- What the pharmacy has said, by the day it is about. A text with the escape of a NUL can be stored
-- as text but not be read as JSON.
CREATE VIEW pharmacy_day AS
SELECT seq, patient_id,
    CASE WHEN strpos(body, '\u0000') = 0 THEN body::json ->> 'day'
        ELSE substring(body FROM '"day":"([0-9-]+)"') END AS day
FROM record WHERE kind = 'pharmacy_report';
CREATE INDEX record_pharmacy_reports ON record (
    patient_id,
    (CASE WHEN strpos(body, '\u0000') = 0 THEN body::json ->> 'day'
        ELSE substring(body FROM '"day":"([0-9-]+)"') END)
) WHERE kind = 'pharmacy_report';

-- Handouts of depots, so that they are found without reading every dose of a patient.
CREATE VIEW injection AS
SELECT seq, id, patient_id FROM record
WHERE kind = 'medication_administration' AND strpos(body, '"injection":{') > 0;
CREATE INDEX record_injections ON record (patient_id)
    WHERE kind = 'medication_administration' AND strpos(body, '"injection":{') > 0;
