-- Made-up rows for the newest schema; put into each store that is frozen.
INSERT INTO practitioner (id, version, received, body) VALUES
    ('practitioner-1', 1, 1, '{"id": "practitioner-1", "name": "Åse Ærlig", "username": "ase"}');
INSERT INTO patient (id, patient_id, version, received, body) VALUES
    ('patient-1', 'patient-1', 2, 1, '{"id": "patient-1", "family_name": "Ødegård", "given_name": "Bø"}'),
    ('patient-2', 'patient-2', 3, 1, '{"id": "patient-2", "family_name": "Aasen", "given_name": "Pål"}');
INSERT INTO flag (id, patient_id, version, received, body) VALUES
    ('flag-1', 'patient-1', 4, 1, '{"id": "flag-1", "patient_id": "patient-1", "category": "allergy"}');
INSERT INTO encounter (id, patient_id, version, received, body) VALUES
    ('encounter-1', 'patient-1', 0, 0, '{"id": "encounter-1", "patient_id": "patient-1", "status": "finished"}');
INSERT INTO note (id, patient_id, version, received, body) VALUES
    ('note-1', 'patient-1', 0, 0, '{"id": "note-1", "patient_id": "patient-1", "text": "Sår på høyre fot"}');
INSERT INTO medication_administration (id, patient_id, version, received, body) VALUES
    ('dose-1', 'patient-1', 0, 0, '{"id": "dose-1", "patient_id": "patient-1", "status": "given", "day": "2026-11-22", "retrospective": true, "witness": {"practitioner_id": "practitioner-1", "name": "Åse Ærlig", "by_code": false}}');
INSERT INTO proposal (id, patient_id, version, received, body) VALUES
    ('proposal-1', 'patient-1', 6, 1, '{"id": "proposal-1", "patient_id": "patient-1", "target_kind": "assignment", "status": "open"}');
INSERT INTO detected_issue (id, patient_id, version, received, body) VALUES
    ('issue-1', 'patient-1', 7, 1, '{"id": "issue-1", "patient_id": "patient-1", "code": "double_handout", "status": "open"}');
INSERT INTO unknown_record (kind, id, patient_id, version, body) VALUES
    ('from_the_future', 'future-1', 'patient-1', 5, '{"kept": "ord for ord æøå"}');
INSERT INTO draft (id, patient_id, form, body, saved_at, open) VALUES
    ('draft-1', 'patient-2', 'note', '{"text": "påbegynt"}', '2026-11-22T08:15:00.000Z', 1);
INSERT INTO outbox (change_id, kind, record_id, patient_id, body, created_at) VALUES
    ('change-1', 'note', 'note-1', 'patient-1', '{"id": "note-1"}', '2026-11-22T08:15:00.000Z');
INSERT INTO audit (at, actor_id, action, previous_hash, hash) VALUES
    ('2026-11-22T08:15:00.000Z', 'practitioner-1', 'note_signed', '', 'hash-1');
INSERT INTO foreign_draft (id, device_id, device_name, patient_id, form, body, saved_at) VALUES
    ('draft-2', 'device-2', 'Bærbar nr. 2', 'patient-2', 'note', '{"text": "på den andre"}', '2026-11-22T08:15:00.000Z');
INSERT INTO dropped_draft (id) VALUES ('draft-3');
INSERT INTO patient_digest (patient_id, count, digest) VALUES ('patient-1', 3, '0123456789abcdef0123456789abcdef');
INSERT INTO arrived (kind, id) VALUES ('patient', 'patient-1');
INSERT INTO claim (id, patient_id, version, received, body, confirmed) VALUES
    ('claim-1', 'patient-1', 8, 1, '{"id": "claim-1", "patient_id": "patient-1", "group": "opioid_agonist", "unit": "2026-11-22", "state": "held", "grant": 7, "held_since": 7, "holder_device_id": "device-1", "holder_id": "practitioner-1"}', 7);
INSERT INTO claim_drop (claim_id, "grant", told) VALUES ('claim-2', 6, 1);
INSERT INTO claim_wish (patient_id, "group", unit, wished_at) VALUES
    ('patient-2', 'opioid_agonist', '2026-11-23', '2026-11-22T08:15:00.000Z');
INSERT INTO slot_reopening (id, patient_id, version, received, body) VALUES
    ('reopening-1', 'patient-1', 9, 1, '{"id": "reopening-1", "patient_id": "patient-1", "administration_ids": ["dose-0"]}');
INSERT INTO witness_code (id, version, received, body) VALUES
    ('practitioner-1', 10, 1, '{"id": "practitioner-1", "verifier": "none", "active": true}');
INSERT INTO pharmacy_report (id, patient_id, body) VALUES
    ('report-1', 'patient-2', '{"id": "report-1", "patient_id": "patient-2", "day": "2026-11-21", "collected": true}');
INSERT INTO dose_incident (id, patient_id, body) VALUES
    ('incident-1', 'patient-1', '{"id": "incident-1", "patient_id": "patient-1", "type": "spilt"}');
INSERT INTO witness_statement (id, patient_id, body) VALUES
    ('statement-1', 'patient-1', '{"id": "statement-1", "patient_id": "patient-1", "target_id": "dose-0", "late": true}');
INSERT INTO communication (id, patient_id, body) VALUES
    ('communication-1', 'patient-1', '{"id": "communication-1", "patient_id": "patient-1", "contacted": "lege Li"}');
INSERT INTO medication_dispense (id, patient_id, body) VALUES
    ('dispense-1', 'patient-1', '{"id": "dispense-1", "patient_id": "patient-1", "kits": 1}');
INSERT INTO adverse_event (id, patient_id, body) VALUES
    ('adverse-1', 'patient-2', '{"id": "adverse-1", "patient_id": "patient-2", "description": "fant ham på badet"}');
INSERT INTO paper_sheet (id, body) VALUES
    ('sheet-1', '{"id": "sheet-1", "status": "printed", "claim_ids": ["claim-1"]}');
INSERT INTO supply_movement (id, body) VALUES
    ('movement-1', '{"id": "movement-1", "device_id": "device-1", "sequence": 1, "administration_id": null}');
INSERT INTO entry_correction (id, patient_id, body) VALUES
    ('correction-1', 'patient-1', '{"id": "correction-1", "patient_id": "patient-1", "target_kind": "note", "target_id": "note-1", "reason": "gjelder en annen"}');
INSERT INTO deletion (id, patient_id, version, received, body) VALUES
    ('deletion-1', 'patient-2', 11, 1, '{"id": "deletion-1", "patient_id": "patient-2", "target_kind": "note", "target_id": "note-0", "deleted": true, "removed": [{"kind": "note", "id": "note-0"}]}');
