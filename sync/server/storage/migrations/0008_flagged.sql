-- What was stored although something had changed meanwhile, for the office to see. user_id and
-- device_id: who delivered it, for the record's own row names whoever wrote its newest version.
CREATE TABLE flagged (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('not_assigned', 'order_changed')),
    at TEXT NOT NULL,
    user_id TEXT,
    device_id TEXT,
    PRIMARY KEY (kind, id, reason)
);
CREATE INDEX flagged_by_time ON flagged (at);

-- What was marked before there was a list. A wish waits for a decision and is shown there.
INSERT INTO flagged (kind, id, reason, at, user_id, device_id)
SELECT kind, id, 'not_assigned', received_at, author_id, device_id
FROM record WHERE out_of_scope = 1 AND kind <> 'proposal';
