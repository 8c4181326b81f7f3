"""Settings that every test shares; fixtures of one package live in that package's own conftest."""

from __future__ import annotations

import os

# Qt reads this when it is first imported, so it stands before any test module is collected.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
