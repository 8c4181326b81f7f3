-- What has been signed or given never changes, whatever a program asks for.

CREATE TRIGGER record_event_stays BEFORE UPDATE ON record
WHEN OLD.immutable = 1
BEGIN
    SELECT RAISE(ABORT, 'an event never changes');
END;

CREATE TRIGGER record_event_is_kept BEFORE DELETE ON record
WHEN OLD.immutable = 1
BEGIN
    SELECT RAISE(ABORT, 'an event is never deleted');
END;
