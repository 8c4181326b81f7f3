-- Openings of patients outside one's list: why, in whose words, until when, and who judged it.
-- Words of why stand here alone, never in a line of a log.
CREATE TABLE access_opening (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('ETREAT', 'BTG')),
    words TEXT NOT NULL CHECK (reason <> 'BTG' OR words <> ''),
    at TEXT NOT NULL,
    until TEXT NOT NULL,
    ended_at TEXT,
    verdict TEXT CHECK (verdict IN ('in_order', 'follow_up')),
    reviewed_by TEXT CHECK (reviewed_by <> user_id),
    reviewed_at TEXT,
    review_words TEXT NOT NULL DEFAULT '' CHECK (verdict <> 'follow_up' OR review_words <> ''),
    CHECK ((verdict IS NULL) = (reviewed_by IS NULL))
);
CREATE INDEX access_opening_running ON access_opening (user_id, until) WHERE ended_at IS NULL;
CREATE INDEX access_opening_by_time ON access_opening (at);

-- One more reason to be flagged: the author's role had no right to it.
CREATE TABLE flagged_now (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('not_assigned', 'order_changed', 'without_right')),
    at TEXT NOT NULL,
    user_id TEXT,
    device_id TEXT,
    PRIMARY KEY (kind, id, reason)
);
INSERT INTO flagged_now SELECT kind, id, reason, at, user_id, device_id FROM flagged;
DROP TABLE flagged;
ALTER TABLE flagged_now RENAME TO flagged;
CREATE INDEX flagged_by_time ON flagged (at);
