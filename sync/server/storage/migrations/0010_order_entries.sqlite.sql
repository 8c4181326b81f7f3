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
CREATE TRIGGER order_entry_stays BEFORE UPDATE ON order_entry
WHEN OLD.id IS NOT NEW.id OR OLD.order_id IS NOT NEW.order_id OR OLD.action IS NOT NEW.action
    OR OLD.base_revision IS NOT NEW.base_revision OR OLD.body IS NOT NEW.body
    OR OLD.reason IS NOT NEW.reason OR OLD.told IS NOT NEW.told
    OR OLD.problems IS NOT NEW.problems OR OLD.proposal_id IS NOT NEW.proposal_id
    OR OLD.entered_by IS NOT NEW.entered_by OR OLD.entered_device IS NOT NEW.entered_device
    OR OLD.entered_at IS NOT NEW.entered_at
    OR (OLD.state <> 'waiting' AND (
        OLD.state IS NOT NEW.state OR OLD.settled_by IS NOT NEW.settled_by
        OR OLD.settled_at IS NOT NEW.settled_at OR OLD.words IS NOT NEW.words
    ))
BEGIN
    SELECT RAISE(ABORT, 'what was entered never changes');
END;

CREATE TRIGGER order_entry_is_kept BEFORE DELETE ON order_entry
BEGIN
    SELECT RAISE(ABORT, 'what was entered is never deleted');
END;
