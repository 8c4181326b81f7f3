"""How an error that nobody expected is written to the log."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

log = logging.getLogger("fieldapp.server")


def log_bug(error: Exception) -> None:
    """Log where it happened. The message is left out: it may quote what the request held."""
    places = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-6:]
    ]
    log.error("unexpected %s at %s", type(error).__name__, " < ".join(reversed(places)))
