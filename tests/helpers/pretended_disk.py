"""A full disk for a machine that lets nobody mount one: the kernel asks us before every write.

`python -m tests.helpers.pretended_disk command …` runs the command under a filter that any user may
set (seccomp). Each write of the command, whoever in it writes, waits for this program's word: it
goes on, or fails with "No space left" when the folder that it writes to has reached its size. A
folder is such a disk when a file beside it, named like it with `.size` behind it, holds its bytes.

The numbers are those of Linux's `seccomp.h` and of its tables of system calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

_SUFFIX = ".size"
NOT_POSSIBLE = 97
"""Exit code: this machine does not let a program be asked."""

_PAGE = 4096
_WRITE, _WRITE_AT, _TRUNCATE, _ALLOCATE = "write", "pwrite64", "ftruncate", "fallocate"
_CALLS = {
    "x86_64": (0xC000003E, 317, {1: _WRITE, 18: _WRITE_AT, 77: _TRUNCATE, 285: _ALLOCATE}),
    "aarch64": (0xC00000B7, 277, {64: _WRITE, 68: _WRITE_AT, 46: _TRUNCATE, 47: _ALLOCATE}),
}
"""By machine: its mark, the number of seccomp, and the calls that make a file grow."""

_SET_FILTER, _NEW_LISTENER = 1, 8
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_NO_NEW_PRIVILEGES = 38
_RECEIVE, _SEND, _GO_ON = 0xC0502100, 0xC0182101, 1
_QUESTION, _ANSWER = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")


class _Instructions(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("count", ctypes.c_ushort), ("first", ctypes.c_char_p))


def size_file(disk: Path) -> Path:
    """The file that makes a folder such a disk; it holds the number of bytes."""
    return disk.with_name(disk.name + _SUFFIX)


def run(command: Sequence[str]) -> int:
    """Run a command whose writes are asked about; its exit code."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        try:
            listener = _ask_before_writes()
            socket.send_fds(theirs, [b"x"], [listener])
            os.close(listener)
            os.execvp(command[0], [*command])  # noqa: S606  # no shell is wanted
        finally:
            os._exit(NOT_POSSIBLE)
    theirs.close()
    with ours:
        _, (*listeners,), _, _ = socket.recv_fds(ours, 1, 1)
    if not listeners:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return _answer(listeners[0], child)


def _ask_before_writes() -> int:
    """Set the filter for this process and all that it starts; the file that questions come by."""
    mark, number, calls = _CALLS[platform.machine()]
    program = [(0x20, 0, 0, 4), (0x15, 0, len(calls) + 1, mark), (0x20, 0, 0, 0)]
    for left, call in enumerate(reversed(calls)):
        program.insert(3, (0x15, left + 1, 0, call))
    program += [(0x06, 0, 0, _ALLOW), (0x06, 0, 0, _ASK)]
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    libc = ctypes.CDLL(None, use_errno=True)
    filters = _Instructions(len(program), code)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    listener = int(libc.syscall(number, _SET_FILTER, _NEW_LISTENER, ctypes.byref(filters)))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener


def _answer(listener: int, child: int) -> int:
    """Answer until the child has ended; its exit code."""
    questions = select.poll()
    questions.register(listener, select.POLLIN)
    while True:
        for _, event in questions.poll(100):
            if event & select.POLLIN:
                with suppress(OSError):  # whoever asked was killed meanwhile
                    _answer_one(listener)
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            os.close(listener)
            return os.waitstatus_to_exitcode(status)


def _answer_one(listener: int) -> None:
    question = bytearray(_QUESTION.size)
    ioctl(listener, _RECEIVE, question)
    name, process, _, call, _, _, *arguments = _QUESTION.unpack(question)
    _, _, calls = _CALLS[platform.machine()]
    fits = True
    with suppress(OSError, ValueError):  # no file of ours, or gone
        fits = _fits(calls[call], process, arguments)
    answer = (name, 0, 0, _GO_ON) if fits else (name, 0, -errno.ENOSPC, 0)
    ioctl(listener, _SEND, _ANSWER.pack(*answer))


def _fits(call: str, process: int, arguments: Sequence[int]) -> bool:
    """Whether what is to be written has room on the disk where it goes."""
    handle = f"/proc/{process}/fd/{arguments[0]}"
    file = Path(os.readlink(handle))
    folders = [one for one in file.parents if one.name]
    disk = next((one for one in folders if size_file(one).is_file()), None)
    if disk is None:
        return True
    present = os.stat(handle).st_size
    match call:
        case "pwrite64":
            end = arguments[3] + arguments[2]
        case "ftruncate":
            end = arguments[1]
        case "fallocate":
            end = arguments[2] + arguments[3]
        case _:
            end = _place(process, arguments[0], present) + arguments[2]
    growth = _pages(end) - _pages(present)
    room = int(size_file(disk).read_text()) // _PAGE
    return growth <= 0 or _used(disk) + growth <= room


def _place(process: int, number: int, present: int) -> int:
    """Where the next write to an open file begins."""
    facts = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{process}/fdinfo/{number}").read_text().splitlines()
    )
    return present if int(facts["flags"], 8) & os.O_APPEND else int(facts["pos"])


def _used(disk: Path) -> int:
    pages = 0
    for folder, _, names in os.walk(disk):
        for name in names:
            with suppress(OSError):
                pages += _pages(os.stat(os.path.join(folder, name)).st_size)
    return pages


def _pages(size: int) -> int:
    return -(-size // _PAGE)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command ends by it, and we with the command
    sys.exit(run(sys.argv[1:]))
