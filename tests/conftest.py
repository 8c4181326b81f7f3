"""Settings that every test shares; fixtures of one package live in that package's own conftest."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

# Qt reads this when it is first imported, so it stands before any test module is collected.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Tests of windows leave cycles behind. Collected in the thread of a server that another test runs
# in this process, widgets would be destroyed outside the GUI thread: Qt ends the process then.
gc.disable()

_WHOLE_EVERY = 20
_ended = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Collect between two tests, in the main thread."""
    global _ended
    yield
    _ended += 1
    gc.collect(2 if _ended % _WHOLE_EVERY == 0 else 1)


# --- who runs what, where several processes share the tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file stay together, for what they share is made once in a process.

    A file that says `SPREAD = True` has long tests that share nothing: they are dealt out one by
    one, or the last process would work on alone.
    """
    for item in items:
        if not getattr(getattr(item, "module", None), "SPREAD", False):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))


# --- a full disk without root


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that needs to mount a disk goes where it may; see `tests.helpers.small_disk`."""
    if "small_disk" not in pyfuncitem.fixturenames:
        return None
    from tests.helpers import small_disk

    if not small_disk.must_go_elsewhere(pyfuncitem.fixturenames):
        return None
    # Behind the "@" stands the group, where several processes share the tests.
    small_disk.elsewhere(pyfuncitem.nodeid.partition("@tests/")[0])
    return True


# --- in CI nothing is left out

NO_SKIPS = "FIELDAPP_NO_SKIPS"
"""Set by `.ci/run`: a test that was skipped has proven nothing, so the run fails."""

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that was told to leave nothing out. The workers only report."""
    is_worker = hasattr(session.config, "workerinput")
    if os.environ.get(NO_SKIPS) and _skipped and not is_worker:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get(NO_SKIPS) and _skipped:
        terminalreporter.write_line(f"{NO_SKIPS}: {len(_skipped)} skipped, so the run failed:")
        for name in dict.fromkeys(_skipped):
            terminalreporter.write_line(f"  {name}")
