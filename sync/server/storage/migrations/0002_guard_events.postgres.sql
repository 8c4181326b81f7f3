-- What has been signed or given never changes, whatever a program asks for.

CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an event is never changed or deleted';
END
$$;

CREATE TRIGGER record_event_stays BEFORE UPDATE OR DELETE ON record
FOR EACH ROW WHEN (OLD.immutable = 1) EXECUTE FUNCTION refuse_event_change();
