"""The laptop's end of the sync: the engine, the line and enrolment."""
