-- Orders that were entered at the office, and every act on an order. One that needs two persons
-- waits here; the record of the order itself has a new version only when the second has confirmed.
CREATE TABLE order_entry (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    action TEXT NOT NULL CHECK (
        action IN ('enter', 'change', 'resume', 'reassess', 'stop', 'hold', 'place')
    ),
    base_revision INTEGER NOT NULL CHECK (base_revision >= 0),
    body TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    told TEXT NOT NULL DEFAULT '',
    problems TEXT NOT NULL DEFAULT '[]',
    proposal_id TEXT,
    entered_by TEXT NOT NULL,
    entered_device TEXT NOT NULL,
    entered_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'declined', 'done')),
    settled_by TEXT,
    settled_at TEXT,
    words TEXT NOT NULL DEFAULT '',
    -- Nobody is their own second person, whatever a program says.
    CHECK (state <> 'confirmed' OR (settled_by IS NOT NULL AND settled_by <> entered_by)),
    CHECK (state <> 'waiting' OR settled_by IS NULL),
    CHECK (state <> 'done' OR action IN ('stop', 'hold', 'place'))
);
CREATE UNIQUE INDEX order_entry_waiting ON order_entry (order_id) WHERE state = 'waiting';
CREATE UNIQUE INDEX order_entry_proposal ON order_entry (proposal_id)
    WHERE proposal_id IS NOT NULL AND state IN ('waiting', 'confirmed');
CREATE INDEX order_entry_by_order ON order_entry (order_id, entered_at);
CREATE INDEX order_entry_by_patient ON order_entry (patient_id);

-- What somebody entered stays word for word; it is settled once. A join may move it to the patient
-- whom it belongs to now.
CREATE FUNCTION keep_order_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'what was entered is never deleted';
    END IF;
    IF (OLD.id, OLD.order_id, OLD.action, OLD.base_revision, OLD.body, OLD.reason, OLD.told,
        OLD.problems, OLD.proposal_id, OLD.entered_by, OLD.entered_device, OLD.entered_at)
        IS DISTINCT FROM
       (NEW.id, NEW.order_id, NEW.action, NEW.base_revision, NEW.body, NEW.reason, NEW.told,
        NEW.problems, NEW.proposal_id, NEW.entered_by, NEW.entered_device, NEW.entered_at)
        OR (OLD.state <> 'waiting' AND
            (OLD.state, OLD.settled_by, OLD.settled_at, OLD.words)
            IS DISTINCT FROM (NEW.state, NEW.settled_by, NEW.settled_at, NEW.words))
    THEN
        RAISE EXCEPTION 'what was entered never changes';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER order_entry_stays BEFORE UPDATE OR DELETE ON order_entry
FOR EACH ROW EXECUTE FUNCTION keep_order_entry();
