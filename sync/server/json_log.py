"""The server's log: one JSON object a line, of names, counts and places, never of contents."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Final

from fieldapp.clock import to_iso
from fieldapp.logs import PrivateFormatter

FACTS: Final = "facts"
"""Name of what a log call gives as `extra`: names of ours and numbers, by key."""

_LONGEST: Final = 500


class JsonFormatter(PrivateFormatter):
    """Writes `at`, `level`, `from`, and either the facts or the words of a record.

    An exception is written without its message, which may quote what a request held.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line; nothing in it can begin another."""
        line: dict[str, object] = {
            "at": to_iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "from": record.name,
        }
        facts = getattr(record, FACTS, None)
        if isinstance(facts, dict):
            line.update(facts)
        else:
            line["event"] = record.getMessage()[:_LONGEST]
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return json.dumps(line)
