-- Finds the few lines that hand a change over to the office among the many of the access log.
CREATE INDEX access_log_by_help ON access_log (device_id, kind, record_id)
    WHERE action = 'hand_over';
