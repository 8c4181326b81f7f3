"""Where the server keeps its records: an embedded cipher database or PostgreSQL."""
