"""`python -m tests.helpers.readme_pictures`: take the README's pictures again.

They come from the demo's played day and from `ui.screenshots`, in the running program.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImage

from ui import screenshots
from ui.demo import __main__ as demo

PICTURES = Path(__file__).resolve().parents[2] / "resources" / "screenshots"
FROM_THE_DAY = {
    "today": "today",
    "visit": "visit-1",
    "handout": "red",
    "patient": "patient",
    "screening": "audit-result",
    "sync": "unsent",
}
FROM_EVERY_PAGE = {"large-dark": "dark-200/patient-overview"}


def main() -> int:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        day, pages = Path(folder) / "day", Path(folder) / "pages"
        if demo.main(["--headless", "--out", str(day)]) != 0:
            return 1
        for name, picture in FROM_THE_DAY.items():
            (found,) = day.glob(f"[0-9][0-9]-{picture}.png")
            # Packed again: the played day writes its pictures quickly, and large.
            assert QImage(str(found)).save(str(PICTURES / f"{name}.png"))
        if screenshots.main([str(pages)]) != 0:
            return 1
        for name, picture in FROM_EVERY_PAGE.items():
            shutil.copyfile(pages / f"{picture}.png", PICTURES / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
