"""The one door to the project: `python3 run.py VERB`.

Standard library alone, so that it runs on a machine that has nothing but Python. Every verb first
makes sure that its surroundings stand, and leaves a stamp so that the next start need not look:

1. the environment: `.venv` (or the folder named in FIELDAPP_ENV), filled from `requirements.lock`;
2. the shared libraries that Qt takes from the system, where the verb draws anything.

Then it hands over to the Python of that environment. Package indexes are never named here: pip is
asked to use the one that this machine is set up for.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# --- 1. Is this Python usable at all? -----------------------------------------------------------
# Asked before anything below is defined, since an old Python would already stumble over it.

OLDEST_PYTHON = (3, 11)


def python_problem(version: tuple[int, ...], bits: int) -> str | None:
    """Say in one sentence why this Python cannot run the program; None if it can."""
    if version[:2] < OLDEST_PYTHON:
        have = ".".join(str(part) for part in version)
        return f"fieldapp needs Python 3.11 or newer; this is Python {have}."
    if bits < 64:
        return "fieldapp needs a 64-bit Python; this one is 32-bit."
    return None


_PROBLEM = python_problem(sys.version_info[:3], 64 if sys.maxsize > 2**32 else 32)
if _PROBLEM is not None:
    sys.exit(_PROBLEM)


class SetupError(Exception):
    """The surroundings cannot be made; the text tells the person at the terminal what to do."""


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(text, flush=True)


def system_problem(system: str, machine: str, macos: str, libc: tuple[str, str]) -> str | None:
    """Say why Qt has no build for this system; None if it has.

    `macos` is the version of macOS or "", `libc` a pair (name, version) as from platform.libc_ver.
    """
    if system == "Darwin" and macos and int(macos.split(".")[0]) < 13:
        return f"fieldapp needs macOS 13 or newer; this is macOS {macos}."
    if system == "Linux":
        name, version = libc
        if name != "glibc":
            return "fieldapp needs a Linux with glibc; Qt has no build for this C library."
        needed = (2, 39) if machine in ("aarch64", "arm64") else (2, 34)
        have = tuple(int(part) for part in version.split(".")[:2])
        if have < needed:
            wanted = ".".join(str(part) for part in needed)
            return (
                f"fieldapp needs glibc {wanted} or newer on {machine}; this system has {version}."
            )
    return None


# --- 2. The environment: where it is, and whether it stands ---------------------------------------

ROOT = Path(__file__).resolve().parent
LOCK_FILE = ROOT / "requirements.lock"
PROJECT_PACKAGES = ("fieldapp", "ui", "sync")


@dataclass(frozen=True, slots=True)
class Environment:
    """The virtual environment in `folder`, and the paths beside and inside it."""

    folder: Path
    windows: bool = os.name == "nt"

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.folder / ("Scripts/python.exe" if self.windows else "bin/python")

    @property
    def stamp(self) -> Path:
        """The file that says what was made and proved; see `Stamp`."""
        return self.folder / "fieldapp-stamp.json"

    @property
    def unfinished(self) -> Path:
        """The mark that an install began and has not ended."""
        return self.folder / "fieldapp-unfinished"

    @property
    def guard(self) -> Path:
        """The file whose lock one start at a time holds; beside the folder, so it outlives it."""
        return self.folder.with_name(self.folder.name + ".lock")

    @property
    def system_libraries(self) -> Path:
        """Where system packages are unpacked when we may not install them."""
        return self.folder / "syslibs"


def chosen_environment(variables: Mapping[str, str]) -> Environment:
    """The environment named in FIELDAPP_ENV, else `.venv` in the project."""
    named = variables.get("FIELDAPP_ENV")
    return Environment(Path(named).absolute() if named else ROOT / ".venv")


@dataclass(frozen=True, slots=True)
class Stamp:
    """The fingerprint that an environment was made for, and the Qt platforms proved in it."""

    fingerprint: str = ""
    platforms: tuple[str, ...] = ()

    @staticmethod
    def read(path: Path) -> Stamp:
        """Read the stamp; a missing or damaged one counts as nothing made."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return Stamp(str(data["fingerprint"]), tuple(str(name) for name in data["platforms"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Stamp()

    def write(self, path: Path) -> None:
        """Write the stamp whole or not at all."""
        text = json.dumps({"fingerprint": self.fingerprint, "platforms": list(self.platforms)})
        half = path.with_suffix(".new")
        half.write_text(text + "\n", encoding="utf-8")
        half.replace(path)


def fingerprint(lock: bytes, version: Sequence[int], machine: str, folder: Path) -> str:
    """Hash everything that an environment depends on: the lock, the Python, and its own place.

    The place counts because a moved environment points at its old folder.
    """
    digest = hashlib.sha256(lock)
    about = (".".join(str(part) for part in version), machine, str(folder))
    digest.update("\n".join(about).encode())
    return digest.hexdigest()


def wanted_fingerprint(environment: Environment) -> str:
    """The fingerprint that the environment ought to carry on this machine today."""
    machine = (
        os.environ.get("PROCESSOR_ARCHITECTURE", "") if os.name == "nt" else os.uname().machine
    )
    try:
        lock = LOCK_FILE.read_bytes()
    except OSError as error:
        raise SetupError(f"requirements.lock cannot be read: {error.strerror}.") from error
    return fingerprint(lock, sys.version_info[:3], machine, environment.folder)


@contextmanager
def one_at_a_time(guard: Path) -> Iterator[None]:
    """Hold the guard file's lock; a second start waits. The system lets go if we are killed."""
    guard.parent.mkdir(parents=True, exist_ok=True)
    with guard.open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            said = False
            while True:
                try:  # tries for ten seconds by itself
                    msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:
                    if not said:
                        say("Another start is preparing the environment; waiting for it...")
                    said = True
        else:
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another start is preparing the environment; waiting for it...")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield  # closing the file lets go


# --- 3. Making the environment --------------------------------------------------------------------


def stand_up_environment(environment: Environment) -> None:
    """Make or mend the environment unless its stamp says that it stands.

    Raises SetupError with a sentence for the person at the terminal.
    """
    wanted = wanted_fingerprint(environment)
    if is_standing(environment, wanted):
        return
    with one_at_a_time(environment.guard):
        if is_standing(environment, wanted):  # the start we waited for made it
            return
        problem = system_problem(
            platform.system(), platform.machine(), platform.mac_ver()[0], platform.libc_ver()
        )
        if problem is not None:
            raise SetupError(problem)
        say(f"Preparing the environment in {environment.folder} (once; about 500 MB on disk)...")
        make_empty_environment(environment)
        environment.unfinished.touch()
        install_locked_packages(environment)
        Stamp(wanted).write(environment.stamp)
        environment.unfinished.unlink()
        say("The environment stands.")


def is_standing(environment: Environment, wanted: str) -> bool:
    """True if the environment was finished for this very lock and Python."""
    if not environment.python.exists() or environment.unfinished.exists():
        return False
    return Stamp.read(environment.stamp).fingerprint == wanted


def make_empty_environment(environment: Environment) -> None:
    """Create the virtual environment, without pip; keep a usable one, replace an unusable one."""
    folder = environment.folder
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "pyvenv.cfg").exists():
            raise SetupError(
                f"{folder} holds files but is no Python environment; nothing was touched."
                " Name another folder in FIELDAPP_ENV."
            )
        # What a killed pip left can look whole to the next pip, so that is thrown away.
        if belongs_to_this_python(environment) and not environment.unfinished.exists():
            return
        shutil.rmtree(folder)
    say("  making an empty environment")
    run_quietly([sys.executable, "-m", "venv", "--without-pip", str(folder)], "python -m venv")


def belongs_to_this_python(environment: Environment) -> bool:
    """True if the environment runs with the Python version of this process, where it was made.

    A moved one still runs, but its scripts point at the old place.
    """
    settings = (environment.folder / "pyvenv.cfg").read_text(encoding="utf-8")
    if f" {environment.folder}\n" not in settings + "\n":  # in the line `command = ... FOLDER`
        return False
    code = "import sys; print(*sys.version_info[:3])"
    try:
        answer = subprocess.run(
            [str(environment.python), "-c", code], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    version = " ".join(str(part) for part in sys.version_info[:3])
    return answer.stdout.strip() == version


def run_quietly(command: list[str], what: str, variables: Mapping[str, str] | None = None) -> str:
    """Run a command and return its output; show the end of it only when it fails."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env=None if variables is None else dict(variables),
    )
    if done.returncode != 0:
        raise SetupError(f"{what} failed:\n{last_lines(done.stdout)}")
    return done.stdout


def last_lines(text: str, count: int = 25) -> str:
    """The last lines of a program's output, for an error message."""
    return "\n".join(text.strip().splitlines()[-count:])


def install_locked_packages(environment: Environment) -> None:
    """Install exactly what requirements.lock names, every file checked against its hash."""
    arguments = ["install", "--no-input", "--progress-bar", "off", "--only-binary", ":all:"]
    arguments += ["--disable-pip-version-check", "--require-hashes", "-r", str(LOCK_FILE)]
    variables = {**os.environ, "PIP_USER": "0", "PYTHONUTF8": "1"}
    total = len(locked_names(LOCK_FILE.read_text(encoding="utf-8")))
    say(f"  fetching up to {total} packages")
    with subprocess.Popen(
        [*find_pip(environment), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=variables,
        cwd=ROOT,
    ) as pip:
        assert pip.stdout is not None
        heard = list(relay_progress(pip.stdout))
    if pip.returncode != 0:
        told = last_lines("".join(line for line in heard if not line.startswith(PIP_CHATTER)), 8)
        raise SetupError(
            f"pip could not install requirements.lock:\n{told}\n"
            "Is there a network, and is pip set up for it? Then start again."
        )


PIP_CHATTER = ("Ignoring ", "Looking in ", "WARNING: Location ")


def relay_progress(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    """Pass pip's lines on, and say now and then how far it has come."""
    fetched = 0
    for line in lines:
        yield line
        if line.startswith("Collecting "):
            fetched += 1
            if fetched % 15 == 0:
                say(f"  {fetched} packages...")
        elif line.startswith("Installing collected packages"):
            say("  unpacking")


def locked_names(lock: str) -> list[str]:
    """The package names of a lock file, in its order."""
    return [line.split("==")[0] for line in lock.splitlines() if "==" in line and line[0] != " "]


# --- 4. Finding a pip -----------------------------------------------------------------------------
# Debian's python3 comes without venv's ensurepip, and often without pip; four roads, nearest first.


def find_pip(environment: Environment) -> list[str]:
    """Return the start of a command that runs pip for the environment.

    Tried in turn: the environment's own; ensurepip; the system's pip; the wheel that the lock pins,
    from the configured index; the wheel in Debian's package. Raises SetupError with what to type.
    """
    own = [str(environment.python), "-m", "pip"]
    if succeeds([*own, "--version"]):
        return own
    if succeeds([str(environment.python), "-m", "ensurepip", "--default-pip"]):
        return own
    system = [sys.executable, "-m", "pip", "--python", str(environment.python)]
    if succeeds([*system, "--version"]):  # `--python` is known since pip 22.3
        return system
    for road in (wheel_from_index, wheel_from_debian):
        wheel = road(environment)
        if wheel is not None:
            return [str(environment.python), str(wheel / "pip")]
    raise SetupError(
        "No pip was found for this Python. Install it and start again, for example:\n"
        "    sudo apt-get install python3-pip      (Debian, Ubuntu)\n"
        "    sudo dnf install python3-pip          (Fedora)"
    )


def succeeds(command: list[str]) -> bool:
    """True if the command ends well; its output is nobody's business."""
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode == 0


def wheel_from_index(environment: Environment) -> Path | None:
    """Fetch the pip wheel that the lock pins from the indexes this machine is set up for."""
    version, hashes = locked_pip(LOCK_FILE.read_text(encoding="utf-8"))
    name = f"pip-{version}-py3-none-any.whl"
    for index in configured_indexes(os.environ, pip_settings_files(os.environ)):
        say("  fetching pip from the configured package index")
        data = fetch_from_index(index, name)
        if data is not None and hashlib.sha256(data).hexdigest() in hashes:
            wheel = environment.folder / name
            wheel.write_bytes(data)
            return wheel
    return None


def locked_pip(lock: str) -> tuple[str, set[str]]:
    """The version of pip that the lock pins, and the sha256 sums of its files."""
    lines = iter(lock.splitlines())
    version = next(line.split("==")[1].split()[0] for line in lines if line.startswith("pip=="))
    hashes = set()
    for line in lines:
        if not line.startswith(" "):
            break
        hashes.add(line.strip().removesuffix("\\").strip().removeprefix("--hash=sha256:"))
    return version, hashes


def pip_settings_files(variables: Mapping[str, str]) -> list[Path]:
    """The files in which pip looks for its settings, the most general first."""
    home = Path.home()
    if sys.platform == "win32":
        general = [Path(variables.get("PROGRAMDATA", "C:/ProgramData")) / "pip/pip.ini"]
        personal = [home / "pip/pip.ini", Path(variables.get("APPDATA", home)) / "pip/pip.ini"]
    elif sys.platform == "darwin":
        support = "Library/Application Support/pip/pip.conf"
        general = [Path("/") / support]
        personal = [home / ".pip/pip.conf", home / ".config/pip/pip.conf", home / support]
    else:
        general = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
        config = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
        personal = [home / ".pip/pip.conf", config / "pip/pip.conf"]
    named = variables.get("PIP_CONFIG_FILE")
    return [*general, *personal, *([Path(named)] if named else [])]


def configured_indexes(variables: Mapping[str, str], files: Sequence[Path]) -> list[str]:
    """The addresses of the package indexes set up on this machine; none if it relies on pip's own.

    As pip does it: a later file replaces an earlier one, and the environment replaces both.
    """
    import configparser

    found: dict[str, str] = {}
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                for key, value in parser.items(section):
                    found[key.replace("-", "_")] = value
    for key in ("index_url", "extra_index_url"):
        if variables.get("PIP_" + key.upper()):
            found[key] = variables["PIP_" + key.upper()]
    both = f"{found.get('index_url', '')} {found.get('extra_index_url', '')}"
    return both.split()


def fetch_from_index(index: str, file_name: str) -> bytes | None:
    """Fetch one file of pip from an index, or None if the index has no such file or no answer.

    The caller checks the hash; a file:// index is read from its folder.
    """
    import re
    import urllib.error
    import urllib.parse
    import urllib.request

    page_address = index.rstrip("/") + "/pip/"
    parts = urllib.parse.urlsplit(page_address)
    if parts.scheme not in ("https", "http", "file"):
        return None
    if parts.scheme == "file":
        page_address += "index.html"
    try:
        with urllib.request.urlopen(page_address, timeout=60) as answer:  # noqa: S310
            page = answer.read().decode("utf-8", "replace")
            base = answer.geturl()
        for link in re.findall(r"""href=["']([^"']+)["']""", page):
            address = urllib.parse.urljoin(base, link.replace("&amp;", "&"))
            if urllib.parse.urlsplit(address).path.endswith("/" + file_name):
                with urllib.request.urlopen(address, timeout=120) as answer:  # noqa: S310
                    data: bytes = answer.read()
                    return data
    except (OSError, ValueError, urllib.error.URLError):
        return None
    return None


def wheel_from_debian(environment: Environment) -> Path | None:
    """Unpack the pip wheel that Debian keeps as a package; needs no rights and leaves no trace."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    say("  fetching pip from the system's packages")
    try:
        unpack_packages(environment, ["python3-pip-whl"])
    except SetupError:
        return None
    wheels = sorted(environment.system_libraries.glob("usr/share/python-wheels/pip-*.whl"))
    return wheels[-1] if wheels else None


# --- 5. Qt: which platform, and the shared libraries it needs -------------------------------------


@dataclass(frozen=True, slots=True)
class LibraryPackages:
    """The system packages that Qt needs, and the command that installs them; names by spaces."""

    command: str
    offscreen: str
    display: str


# Each under the tool that tells its system. Debian 12's names are provided by 13 and Ubuntu too.
LIBRARY_PACKAGES = {
    "apt-get": LibraryPackages(
        "apt-get install --no-install-recommends",
        "libglib2.0-0 libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1",
        "libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0"
        " libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libwayland-cursor0",
    ),
    "dnf": LibraryPackages(
        "dnf install",
        "glib2 libglvnd-glx libglvnd-egl libxkbcommon dbus-libs fontconfig",
        "libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-keysyms xcb-util-image"
        " xcb-util-renderutil libwayland-cursor",
    ),
    "pacman": LibraryPackages(
        "pacman -S --needed",
        "glib2 libglvnd libxkbcommon dbus fontconfig",
        "libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-keysyms xcb-util-image"
        " xcb-util-renderutil wayland",
    ),
    "zypper": LibraryPackages(
        "zypper install",
        "libglib-2_0-0 libgthread-2_0-0 libglvnd libxkbcommon0 libdbus-1-3 libfontconfig1",
        "libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0"
        " libxcb-render-util0 libwayland-cursor0",
    ),
}

# A bad Qt plugin aborts its process, so this always runs in a child.
QT_PROBE = (
    "from PySide6 import QtNetwork, QtPrintSupport, QtSvg, QtTest, QtWidgets;"
    "application = QtWidgets.QApplication([]);"
    "print('qt is well')"
)


def qt_platform(variables: Mapping[str, str], system: str) -> str:
    """The value for QT_QPA_PLATFORM; "" leaves the choice to Qt (Windows and macOS).

    `system` is a value of `sys.platform`. What the person set stays; without a display all is drawn
    offscreen.
    """
    named = variables.get("QT_QPA_PLATFORM")
    if named:
        return named
    if system in ("win32", "darwin"):
        return ""
    if variables.get("WAYLAND_DISPLAY"):
        return "wayland;xcb"
    if variables.get("DISPLAY"):
        return "xcb"
    return "offscreen"


def needed_packages(packages: LibraryPackages, qpa_platform: str) -> list[str]:
    """The packages for a platform; those for a display only where there is one."""
    draws_offscreen = qpa_platform.startswith(("offscreen", "minimal"))
    return f"{packages.offscreen} {'' if draws_offscreen else packages.display}".split()


def library_hint(which: Callable[[str], str | None], qpa_platform: str, is_root: bool) -> str:
    """The exact command that installs what Qt needs, for the package tool found on this machine."""
    for tool, packages in LIBRARY_PACKAGES.items():
        if which(tool):
            names = " ".join(needed_packages(packages, qpa_platform))
            return f"    {'' if is_root else 'sudo '}{packages.command} {names}"
    names = " ".join(needed_packages(LIBRARY_PACKAGES["apt-get"], qpa_platform))
    return f"    (with your system's package tool; Debian's names:) {names}"


def child_variables(
    environment: Environment, variables: Mapping[str, str], qpa_platform: str
) -> dict[str, str]:
    """The process environment for a child that may draw: the platform, and unpacked libraries."""
    result = dict(variables)
    result["VIRTUAL_ENV"] = str(environment.folder)
    if qpa_platform:
        result["QT_QPA_PLATFORM"] = qpa_platform
    libraries = environment.system_libraries
    if libraries.is_dir():
        folders = [*sorted(libraries.glob("usr/lib/*-linux-gnu*")), libraries / "usr/lib"]
        folders += [*sorted(libraries.glob("lib/*-linux-gnu*")), libraries / "lib"]
        paths = [str(folder) for folder in folders if folder.is_dir()]
        if variables.get("LD_LIBRARY_PATH"):
            paths.append(variables["LD_LIBRARY_PATH"])
        result["LD_LIBRARY_PATH"] = os.pathsep.join(paths)
        # Two of the libraries read data files from fixed places; point them at the unpacked ones.
        for name, place in (
            ("FONTCONFIG_PATH", "etc/fonts"),
            ("XKB_CONFIG_ROOT", "usr/share/X11/xkb"),
        ):
            if not (Path("/") / place).is_dir() and (libraries / place).is_dir():
                result.setdefault(name, str(libraries / place))
    return result


def stand_up_qt(environment: Environment, qpa_platform: str) -> str:
    """Prove that Qt starts on the platform, getting its libraries if need be; return the platform.

    The answer is another one only where a display is named but not there: then offscreen.
    Raises SetupError with the exact command to type.
    """
    stamp = Stamp.read(environment.stamp)
    if qpa_platform in stamp.platforms and not display_is_gone(qpa_platform, os.environ):
        return qpa_platform
    with one_at_a_time(environment.guard):
        complaint = probe_qt(environment, qpa_platform)
        if complaint and not display_is_away(complaint):
            say("Qt lacks shared libraries of the system; getting them...")
            get_qt_libraries(environment, qpa_platform)
            complaint = probe_qt(environment, qpa_platform)
        if complaint and display_is_away(complaint):
            say("The display that is named in the environment does not answer; drawing offscreen.")
            qpa_platform = "offscreen"
            complaint = probe_qt(environment, qpa_platform)
        if complaint:
            raise SetupError(qt_complaint(complaint, qpa_platform))
        stamp = Stamp.read(environment.stamp)
        if qpa_platform not in stamp.platforms:
            Stamp(stamp.fingerprint, (*stamp.platforms, qpa_platform)).write(environment.stamp)
    return qpa_platform


def probe_qt(environment: Environment, qpa_platform: str) -> str:
    """Start Qt in a child on the platform; return "" if it is well, else what it said."""
    done = subprocess.run(
        [str(environment.python), "-c", QT_PROBE],
        env=child_variables(environment, os.environ, qpa_platform),
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode == 0 and "qt is well" in done.stdout:
        return ""
    return done.stderr.strip() or f"Qt ended with code {done.returncode}."


def display_is_gone(
    qpa_platform: str,
    variables: Mapping[str, str],
    sockets: Path = Path("/tmp/.X11-unix"),  # noqa: S108 (where X servers listen)
) -> bool:
    """True if DISPLAY names a screen of this machine that nobody serves any more.

    What was proved in one terminal may be gone in the next; this costs no start of Qt.
    """
    display = variables.get("DISPLAY", "")
    number = display.removeprefix(":").split(".")[0]
    if qpa_platform != "xcb" or not display.startswith(":") or not number.isdecimal():
        return False
    return sockets.is_dir() and not (sockets / f"X{number}").exists()


def display_is_away(complaint: str) -> bool:
    """True if Qt found its libraries but nobody behind DISPLAY or WAYLAND_DISPLAY."""
    return "could not connect to display" in complaint and ".so" not in complaint


def qt_complaint(complaint: str, qpa_platform: str) -> str:
    """The message for a Qt that does not start: what it said, and the command that may cure it."""
    text = f"Qt does not start:\n{last_lines(complaint, 6)}\n"
    if sys.platform.startswith("linux"):
        is_root = os.geteuid() == 0
        hint = library_hint(shutil.which, qpa_platform, is_root)
        text += f"Install the shared libraries that it needs, then start again:\n{hint}"
    return text


def get_qt_libraries(environment: Environment, qpa_platform: str) -> None:
    """Install Qt's libraries as root on Debian or Ubuntu, else unpack them beside the environment.

    On any other system nothing is done: the caller's second probe then tells what to type.
    """
    if not sys.platform.startswith("linux") or shutil.which("apt-get") is None:
        return
    names = needed_packages(LIBRARY_PACKAGES["apt-get"], qpa_platform)
    try:
        if os.geteuid() == 0:
            install_packages(names)
        else:
            unpack_packages(environment, names)
    except SetupError as error:
        hint = library_hint(shutil.which, qpa_platform, os.geteuid() == 0)
        raise SetupError(f"{error}\nInstall them yourself, then start again:\n{hint}") from error


# --- 6. Debian packages: installed as root, unpacked otherwise ------------------------------------


def apt_variables() -> dict[str, str]:
    """The process environment for apt: no questions, messages in English."""
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def install_packages(names: Sequence[str]) -> None:
    """Install system packages as root; refresh the package lists only if they do not suffice."""
    # a desktop that has just started is often busy updating itself; then we wait for it
    install = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "--no-install-recommends"]
    install += ["-y", "-qq", *names]
    say(f"  apt-get install {' '.join(names)}")
    try:
        run_quietly(install, "apt-get install", apt_variables())
    except SetupError:
        say("  apt-get update")
        run_quietly(["apt-get", "update", "-qq"], "apt-get update", apt_variables())
        run_quietly(install, "apt-get install", apt_variables())


def unpack_packages(environment: Environment, names: Sequence[str]) -> None:
    """Fetch system packages with what they depend on, and unpack them beside the environment.

    Needs no rights: apt downloads (and checks) into our own folders, dpkg only unpacks.
    """
    cache = environment.folder / "apt"
    archives = cache / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    options = ["-o", "Debug::NoLocking=true", "-o", f"Dir::Cache={cache}"]
    options += ["-o", f"Dir::Cache::archives={archives}", "-o", "APT::Sandbox::User="]
    # the system's package lists may be missing or stale, and only root may refresh those
    own_lists = cache / "lists"
    (own_lists / "partial").mkdir(parents=True, exist_ok=True)
    own_options = [*options, "-o", f"Dir::State::lists={own_lists}"]
    install = ["install", "--no-install-recommends", "--download-only", "-y", "-qq", *names]
    say(f"  downloading {' '.join(names)}")
    try:
        run_quietly(["apt-get", *options, *install], "apt-get download", apt_variables())
    except SetupError:
        say("  refreshing our own copy of the package lists")
        run_quietly(["apt-get", *own_options, "update", "-qq"], "apt-get update", apt_variables())
        run_quietly(["apt-get", *own_options, *install], "apt-get download", apt_variables())
    target = environment.system_libraries
    target.mkdir(exist_ok=True)
    for package in sorted(archives.glob("*.deb")):
        run_quietly(["dpkg", "-x", str(package), str(target)], "dpkg -x")
    shutil.rmtree(cache, ignore_errors=True)


# --- 7. The verbs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verb:
    """One word of the command line: how it is used, what it does, and what it needs to stand."""

    usage: str
    help: str
    draws: bool = True
    always_offscreen: bool = False


VERBS = {
    "demo": Verb("demo [--fresh] [--headless --out DIR]", "a field day on made-up data"),
    "test": Verb("test [PYTEST ARGUMENTS]", "all tests, or those named", always_offscreen=True),
    "app": Verb("app [--trial] [--data DIR]", "the program itself; --trial for invented people"),
    "server": Verb("server [ARGUMENTS]", "the server; --init sets up an empty one", draws=False),
    "check": Verb(
        "check [--no-tests]",
        "format, lint, types, import contracts, tests",
        always_offscreen=True,
    ),
    "screenshots": Verb("screenshots DIR", "every page as a picture", always_offscreen=True),
    "build": Verb("build", "a folder with the program for machines without Python", draws=False),
    "bench": Verb("bench [NAME] [--json FILE]", "measured ratios", always_offscreen=True),
    "torture": Verb(
        "torture NAME --seconds N [--json FILE]",
        "long random use under faults",
        always_offscreen=True,
    ),
}


def help_text() -> str:
    """What `run.py` alone, or with --help, prints."""
    width = max(len(verb.usage) for verb in VERBS.values())
    lines = [f"  {verb.usage.ljust(width)}   {verb.help}" for verb in VERBS.values()]
    return "python3 run.py VERB\n\n" + "\n".join(lines)


def test_command(python: str, arguments: Sequence[str]) -> list[str]:
    """The command for the tests: the whole suite on all cores, a named part in one process."""
    arguments = arguments[1:] if arguments[:1] == ["--"] else arguments
    if arguments:
        return [python, "-m", "pytest", *arguments]
    spread = ["-n", "auto", "--maxprocesses", "8", "--dist", "loadgroup"]
    return [python, "-m", "pytest", *spread, "-q"]


def check_commands(python: str, with_tests: bool) -> list[tuple[str, list[str]]]:
    """The steps of `check` in their order, each with its title."""
    steps = [
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("lint", [python, "-m", "ruff", "check", "."]),
        ("types", [python, "-m", "mypy", *PROJECT_PACKAGES, "run.py"]),
        ("import contracts", [str(Path(python).with_name("lint-imports"))]),
    ]
    if with_tests:
        steps.append(("tests", test_command(python, [])))
    return steps


def verb_command(verb: str, python: str, arguments: Sequence[str]) -> list[str]:
    """The command that a verb (other than `check`) becomes."""
    modules = {
        "demo": "ui.demo",
        "app": "ui",
        "server": "sync.server",
        "screenshots": "ui.screenshots",
        "bench": "tests.bench",
        "torture": "tests.torture",
    }
    if verb == "test":
        return test_command(python, arguments)
    if verb == "build":
        return [python, "-m", "PyInstaller", "--noconfirm", *arguments, "build.spec"]
    return [python, "-m", modules[verb], *arguments]


def usage_problem(verb: str, arguments: Sequence[str]) -> str | None:
    """Say what is wrong with the arguments that we ourselves understand; None if nothing is."""
    if verb == "screenshots" and not arguments:
        return "name the folder that the pictures go to"
    if verb == "torture" and (not arguments or "--seconds" not in arguments):
        return "name what to torture, and for how many seconds"
    if verb == "check" and [*arguments] not in ([], ["--no-tests"]):
        return "the only argument is --no-tests"
    return None


def check(python: str, variables: Mapping[str, str], with_tests: bool) -> int:
    """Run every step of `check`, also after one failed; return 0 only if all went well."""
    failed = []
    for title, command in check_commands(python, with_tests):
        say(f"--- {title}")
        if subprocess.run(command, env=dict(variables), cwd=ROOT).returncode != 0:
            failed.append(title)
    say(f"check: failed in {', '.join(failed)}" if failed else "check: all well")
    return 1 if failed else 0


def hand_over(command: list[str], variables: Mapping[str, str]) -> int:
    """Become the command; where a process cannot (Windows), run it and return its code."""
    os.chdir(ROOT)
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(command[0], command, dict(variables))  # noqa: S606
    try:
        return subprocess.run(command, env=dict(variables)).returncode
    except KeyboardInterrupt:  # the child had it too, and has said what it had to say
        return 130


def main(arguments: Sequence[str]) -> int:
    """Set up what the verb needs, then run it. Returns the exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0 if arguments else 2
    name, rest = arguments[0], list(arguments[1:])
    if name not in VERBS:
        print(f"There is no verb {name!r}.\n\n{help_text()}", file=sys.stderr)
        return 2
    problem = usage_problem(name, rest)
    if problem is not None:
        print(f"python3 run.py {VERBS[name].usage}: {problem}.", file=sys.stderr)
        return 2
    verb = VERBS[name]
    environment = chosen_environment(os.environ)
    qpa_platform = "offscreen" if verb.always_offscreen else qt_platform(os.environ, sys.platform)
    if qpa_platform == "offscreen" and verb.draws and not verb.always_offscreen:
        say("No display was found; everything is drawn offscreen.")
    try:
        stand_up_environment(environment)
        if verb.draws:
            qpa_platform = stand_up_qt(environment, qpa_platform)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or environment.folder}", file=sys.stderr)
        print("FIELDAPP_ENV can name a folder of your own for the environment.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next start goes on from here.", file=sys.stderr)
        return 130
    variables = child_variables(environment, os.environ, qpa_platform)
    python = str(environment.python)
    if name == "check":
        return check(python, variables, with_tests=not rest)
    return hand_over(verb_command(name, python, rest), variables)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
