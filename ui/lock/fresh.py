"""Ends this process and begins a fresh one in its place."""

from __future__ import annotations

import os
import sys

EXIT_CODE = 75
"""What the event loop returns when a fresh process is wanted."""


def command() -> list[str]:
    """The words with which this process was begun; the program first."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *sys.argv[1:]]
    return [sys.executable, *sys.orig_argv[1:]]


def begin_anew() -> None:
    """Run the same command in a new process and end this one; returns only where it could not.

    Call it last: the store is closed, the threads have ended and no window is open.
    """
    words = command()
    if sys.platform == "win32":
        # Windows has no call that puts a new program into a process.
        from PySide6.QtCore import QProcess

        QProcess.startDetached(words[0], words[1:])
        return
    sys.stdout.flush()
    sys.stderr.flush()
    # The system gives the whole memory back and fills the process anew.
    os.execv(words[0], words)  # noqa: S606  (our own program, with its own words)
