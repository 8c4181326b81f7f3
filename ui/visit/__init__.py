"""One visit: who came, from when to when, and the note that is signed at its end."""
