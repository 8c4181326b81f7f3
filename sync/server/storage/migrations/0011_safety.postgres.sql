-- Handouts by patient and day, so that a dose is looked at together with those around it without
-- reading the patient's history. `day` is the day that a dose counts for; of an injection, the day
-- it was given. `reopens`: a counter-entry that opens the slot again.

ALTER TABLE handout ADD COLUMN patient_id TEXT;
ALTER TABLE handout ADD COLUMN day TEXT;
ALTER TABLE handout ADD COLUMN reopens INTEGER NOT NULL DEFAULT 0;
UPDATE handout SET patient_id = slot::json ->> 0, day = slot::json ->> 2;
CREATE INDEX handout_by_day ON handout (patient_id, day);

CREATE INDEX record_pharmacy_reports ON record (patient_id) WHERE kind = 'pharmacy_report';
