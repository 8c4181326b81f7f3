"""The log file: what happened, in ids and counts, never in contents.

Exceptions are written as their class, their code and the places in the code they passed. Their
messages are left out, because a library may put a value (a name, a search word) into one.
"""

from __future__ import annotations

import logging
import os
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import cast

from fieldapp.errors import FieldAppError
from fieldapp.paths import PRIVATE_FILE_MODE, make_private_folder

LOG_NAME = "fieldapp.log"
MAX_BYTES = 1_000_000
KEPT_FILES = 3

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrivateFormatter(logging.Formatter):
    """Writes an exception without its message, so that no content can slip into the log."""

    def formatException(self, ei: _ExcInfo) -> str:
        """Class, code and call places of the exception and of its causes."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            code = f" [{error.code}]" if isinstance(error, FieldAppError) else ""
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}{code}")
            lines.extend(
                f"  at {Path(frame.filename).name}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            )
            error = error.__cause__
        return "\n".join(lines)


class PrivateRotatingFileHandler(RotatingFileHandler):
    """A rotating log file that only its owner may read (mode 0600)."""

    def _open(self) -> TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, PRIVATE_FILE_MODE)

        stream = open(  # noqa: SIM115 (the handler closes it)
            self.baseFilename, self.mode, encoding=self.encoding, opener=private
        )
        return cast(TextIOWrapper, stream)


def set_up(folder: Path, level: int = logging.INFO) -> logging.Handler:
    """Send the records of the whole application to ``folder/fieldapp.log``.

    The file is rotated at 1 MB and three old ones are kept. Returns the handler, so that a test
    can remove and close it again.
    """
    make_private_folder(folder)
    handler = PrivateRotatingFileHandler(
        folder / LOG_NAME, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
    )
    handler.setFormatter(PrivateFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in ("fieldapp", "sync", "ui"):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.addHandler(handler)
    return handler
