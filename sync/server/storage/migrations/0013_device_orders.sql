-- What the organisation has ordered a laptop to do, signed. A laptop's newest order stands; "lost"
-- is never followed by "ended" (the program sees to it).
CREATE TABLE device_order (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    kind TEXT NOT NULL CHECK (kind IN ('ended', 'lost')),
    issued_at TEXT NOT NULL,
    signature TEXT NOT NULL,
    given_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- When somebody first asked for it by the laptop's name, when the laptop last delivered on it,
    -- and when it told that it has destroyed what it held.
    asked_at TEXT,
    delivered_at TEXT,
    obeyed_at TEXT
);
CREATE INDEX device_order_by_device ON device_order (device_id, issued_at);
