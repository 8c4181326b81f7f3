"""Several people on one laptop: who are you, add a person, send for a colleague."""
