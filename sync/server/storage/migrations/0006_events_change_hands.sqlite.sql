-- An event's text, author and times never change. Only whose it is may, when two patients are found
-- to be one person: patient_id, and with it seq, so that laptops hear of it.

DROP TRIGGER record_event_stays;

CREATE TRIGGER record_event_stays BEFORE UPDATE ON record
WHEN OLD.immutable = 1 AND (
    NEW.kind IS NOT OLD.kind OR NEW.id IS NOT OLD.id OR NEW.body IS NOT OLD.body
    OR NEW.body_hash IS NOT OLD.body_hash OR NEW.immutable IS NOT OLD.immutable
    OR NEW.out_of_scope IS NOT OLD.out_of_scope OR NEW.author_id IS NOT OLD.author_id
    OR NEW.device_id IS NOT OLD.device_id OR NEW.received_at IS NOT OLD.received_at
    OR NEW.offset_ms IS NOT OLD.offset_ms OR NEW.patient_id IS OLD.patient_id
)
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;
