"""`run.py demo`: live through a case manager's day on real parts, with made-up people."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer

from fieldapp.clock import SystemClock
from fieldapp.errors import FieldAppError
from ui.demo.stage import (
    PASSPHRASE,
    DemoError,
    alone,
    default_folder,
    first_sync,
    forget,
    set_stage,
)

_STOPPED = 130
_LISTEN_MILLISECONDS = 200
# Ctrl+C, a service that is told to end, and a terminal that is closed (not on Windows).
_SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py demo")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    parser.add_argument("--headless", action="store_true", help="play the day without a display")
    parser.add_argument("--out", type=Path, help="where the played day's pictures and report go")
    parser.add_argument("--data", type=Path, help="another folder for the demo's data")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    options = _arguments(words)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - start:5.1f} s] {text}", flush=True)

    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    without_display = os.environ.get("QT_QPA_PLATFORM", "").startswith("offscreen")
    try:
        if options.headless or without_display:
            from ui.demo.headless import play

            out = options.out or default_folder().with_name("demo-day")
            data = options.data or out / "data"
            with alone(data):
                return play(out, data, say)
        with alone(options.data or default_folder()):
            return _show(options, say)
    except (DemoError, FieldAppError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or ''}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. The next start goes on from here.", file=sys.stderr)
        return _STOPPED
    return 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _show(options: argparse.Namespace, say: object) -> int:
    assert callable(say)
    folder = options.data or default_folder()
    if options.fresh:
        forget(folder)
    from ui.app import set_up
    from ui.demo.colleagues import locum_was_here
    from ui.demo.window import DemoWindow

    with set_stage(folder, SystemClock(), say) as stage:
        first_sync(stage, say)
        locum_was_here(stage, say)
        desk = set_up()
        window = DemoWindow(stage, desk)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: window.close())
        # Python sees a signal only when it runs; while nothing happens, Qt would not let it.
        listening = QTimer(window)
        listening.timeout.connect(lambda: None)
        listening.start(_LISTEN_MILLISECONDS)
        stage.door.unlock(PASSPHRASE)
        window.enter()
        window.show()
        say("The window is open. Close it to end the demo; start again to go on.")
        try:
            return desk.app.exec()
        finally:
            window.close()
            desk.close()


if __name__ == "__main__":
    sys.exit(main())
