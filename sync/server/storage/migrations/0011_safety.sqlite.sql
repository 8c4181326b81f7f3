-- Handouts by patient and day, so that a dose is looked at together with those around it without
-- reading the patient's history. `day` is the day that a dose counts for; of an injection, the day
-- it was given. `reopens`: a counter-entry that opens the slot again.

ALTER TABLE handout ADD COLUMN patient_id TEXT;
ALTER TABLE handout ADD COLUMN day TEXT;
ALTER TABLE handout ADD COLUMN reopens INTEGER NOT NULL DEFAULT 0;
UPDATE handout SET patient_id = json_extract(slot, '$[0]'), day = json_extract(slot, '$[2]');
CREATE INDEX handout_by_day ON handout (patient_id, day);

-- What the pharmacy has said, by the day it is about.
CREATE VIEW pharmacy_day AS
SELECT seq, patient_id, json_extract(body, '$.day') AS day FROM record WHERE kind = 'pharmacy_report';
CREATE INDEX record_pharmacy_reports ON record (patient_id, json_extract(body, '$.day'))
    WHERE kind = 'pharmacy_report';

-- Handouts of depots, so that they are found without reading every dose of a patient.
CREATE VIEW injection AS
SELECT seq, id, patient_id FROM record
WHERE kind = 'medication_administration' AND instr(body, '"injection":{') > 0;
CREATE INDEX record_injections ON record (patient_id)
    WHERE kind = 'medication_administration' AND instr(body, '"injection":{') > 0;
