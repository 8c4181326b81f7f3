"""After a day's work nothing readable is left in files, temporary files, logs or memory."""
