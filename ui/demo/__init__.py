"""The demo: a real server, a synthetic team, an enrolled laptop, and the window on top."""
