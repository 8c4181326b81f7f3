-- Why a patient was opened (fieldapp/domain/access_log.py); part of the line's hash.
ALTER TABLE access_log ADD COLUMN reason TEXT;
CREATE INDEX access_log_by_actor ON access_log (actor_id, at);
CREATE INDEX access_log_by_time ON access_log (at);
