-- The laptop that several people's stores lie on: a random id that the laptop made itself. No secret;
-- it only tells which stores go missing together.
ALTER TABLE device ADD COLUMN machine_id TEXT NOT NULL DEFAULT '';
CREATE INDEX device_by_machine ON device (machine_id) WHERE machine_id <> '';
