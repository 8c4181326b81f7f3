-- An event's text, author and times never change. Only whose it is may, when two patients are found
-- to be one person: patient_id, and with it seq, so that laptops hear of it.

DROP TRIGGER record_event_stays ON record;

CREATE TRIGGER record_event_is_kept BEFORE DELETE ON record
FOR EACH ROW WHEN (OLD.immutable = 1) EXECUTE FUNCTION refuse_event_change();

CREATE TRIGGER record_event_stays BEFORE UPDATE ON record
FOR EACH ROW WHEN (
    OLD.immutable = 1 AND (
        NEW.patient_id IS NOT DISTINCT FROM OLD.patient_id
        OR (to_jsonb(NEW) - 'patient_id' - 'seq') IS DISTINCT FROM
           (to_jsonb(OLD) - 'patient_id' - 'seq')
    )
) EXECUTE FUNCTION refuse_event_change();
