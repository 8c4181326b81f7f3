"""How much to send or ask for at a time: halves on trouble, grows back after success."""

from __future__ import annotations

from sync.protocol.errors import SyncError, TooLargeError


class BatchSize:
    """Number of records of the next batch. Attribute: `now`, from 1 to the maximum."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._timeouts = 0
        self.now = maximum

    def grow(self) -> None:
        """After a success: twice as many, up to the maximum."""
        self.now = min(self._maximum, self.now * 2)
        self._timeouts = 0

    def shrink(self, error: SyncError, tried: int | None = None) -> None:
        """Halve after `error`, which is raised again when there is nothing left to halve.

        `tried` is how many were really sent, when they were fewer than allowed. The second time-out
        in a row is raised too: then it is the line, not the size.
        """
        if not isinstance(error, TooLargeError):
            self._timeouts += 1
        size = min(self.now, tried or self.now)
        if size == 1 or self._timeouts >= 2:
            raise error
        self.now = size // 2

    def shrink_quietly(self) -> None:
        """Halve because something else that travels with it is too much; never below one."""
        self.now = max(1, self.now // 2)
