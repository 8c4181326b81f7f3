"""A power cut at the n-th step that changes a file's name, or makes something durable."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_STEPS = ("replace", "rename", "unlink", "remove", "rmdir", "link", "fsync")


class PowerCut(BaseException):
    """The machine is off; no tidying up takes place."""


class Steps:
    """Counts the steps; from the one with the number `last` on, none happens any more."""

    def __init__(self, last: int | None = None) -> None:
        self.count = 0
        self._last = last

    def guarded(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **named: Any) -> Any:
            self.count += 1
            if self._last is not None and self.count > self._last:
                raise PowerCut
            return real(*args, **named)

        return step


@contextlib.contextmanager
def cut_after(last: int | None) -> Iterator[Steps]:
    """Let so many steps happen; None counts them all."""
    steps = Steps(last)
    with pytest.MonkeyPatch.context() as patched:
        for name in _STEPS:
            patched.setattr(os, name, steps.guarded(getattr(os, name)))
        with contextlib.suppress(PowerCut):
            yield steps
