"""I dag: the day's visits and doses, what is late, and what a crash left unfinished."""
