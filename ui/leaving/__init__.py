"""A laptop that leaves or is lost: what it is told, and what the offline lease has closed."""
