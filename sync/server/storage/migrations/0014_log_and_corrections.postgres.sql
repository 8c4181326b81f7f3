-- Why a patient was opened (fieldapp/domain/access_log.py); part of the line's hash.
ALTER TABLE access_log ADD COLUMN reason TEXT;
CREATE INDEX access_log_by_actor ON access_log (actor_id, at);
CREATE INDEX access_log_by_time ON access_log (at);
CREATE INDEX office_log_by_actor ON office_log (actor_id, number);

-- What was deleted because it stood on the wrong patient: names alone, by which decision, and when.
-- Whatever still brings one of these records is not taken in. Never changed, never taken back.
CREATE TABLE deleted_record (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    deletion_id TEXT NOT NULL,
    deleted_at TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE FUNCTION refuse_undoing_a_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a deletion is never changed or taken back';
END
$$;

CREATE TRIGGER deleted_record_stays BEFORE UPDATE OR DELETE ON deleted_record
FOR EACH ROW EXECUTE FUNCTION refuse_undoing_a_deletion();

-- An event is deleted only while it stands in that list.
CREATE FUNCTION refuse_event_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM deleted_record d WHERE d.kind = OLD.kind AND d.id = OLD.id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'an event is never deleted';
END
$$;

DROP TRIGGER record_event_is_kept ON record;
CREATE TRIGGER record_event_is_kept BEFORE DELETE ON record
FOR EACH ROW WHEN (OLD.immutable = 1) EXECUTE FUNCTION refuse_event_deletion();
