"""The line to the server, which can be switched off (the demo's coverage switch does)."""

from __future__ import annotations

from sync.protocol.errors import OfflineError


class Line:
    """Attribute: `on`; may be set from any thread."""

    def __init__(self, on: bool = True) -> None:
        self.on = on

    def check(self) -> None:
        """Raise OfflineError while the line is off."""
        if not self.on:
            raise OfflineError
