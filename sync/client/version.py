"""The version of this program, as the server is told it."""

from __future__ import annotations

from typing import Final

APP_VERSION: Final = "0.1.0"
