"""Where things lie on disk: the bundled resources and the user's private data."""

from __future__ import annotations

import os
import secrets
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

PRIVATE_FOLDER_MODE = 0o700
PRIVATE_FILE_MODE = 0o600

DESTROYED_NAME = "journal.destroyed"
"""Stands in a user's folder from the moment on at which what is in it is being destroyed."""


def resources_dir() -> Path:
    """The folder ``resources``, both from a source tree and from a PyInstaller bundle."""
    bundle = getattr(sys, "_MEIPASS", None)
    root = Path(bundle) if bundle else Path(__file__).resolve().parent.parent
    return root / "resources"


def data_dir() -> Path:
    """The application's folder for data that stays on this machine. It is not created here."""
    # roaming=False: on Windows the data must not travel with the user's profile to other machines.
    return platformdirs.user_data_path("fieldapp", appauthor=False, roaming=False)


def user_dir(data: Path, username: str) -> Path:
    """The folder of one user's own store inside ``data``. It is not created here.

    The name is made safe for every file system; two spellings of one user name that differ only
    in case or in Unicode form share a folder. Raises ValueError for an empty name.
    """
    normal = normal_username(username)
    if not normal:
        raise ValueError("a user name is needed")
    # The prefix keeps '..' and names that Windows reserves ('con', 'nul') harmless.
    return data / f"user-{_file_name_of(normal)}"


def usernames(data: Path) -> list[str]:
    """The normal names of those who have a folder of their own inside ``data``, sorted.

    A store that is being destroyed is nobody's any more.
    """
    folders = (path for path in user_folders(data) if not (path / DESTROYED_NAME).exists())
    return sorted(_text_of(folder.name.removeprefix("user-")) for folder in folders)


def user_folders(data: Path) -> list[Path]:
    """Every user's folder inside ``data``, also where the store is being destroyed."""
    if not data.is_dir():
        return []
    return sorted(
        path for path in data.iterdir() if path.is_dir() and path.name.startswith("user-")
    )


MACHINE_ID_NAME = "machine.id"
_MACHINE_ID_BYTES = 16


def machine_id(data: Path) -> str:
    """The random name of this laptop, made at the first question and kept in `data`.

    Every person's store on the laptop tells it at enrolment, so that the office sees which stores
    go missing together. It is no secret and is derived from nothing. A file that cannot be read or
    written gives "": a laptop can be enrolled without a name. Safe against two programs at once.
    """
    place = data / MACHINE_ID_NAME
    try:
        make_private_folder(data)
        if not place.exists():
            made = place.with_name(f"{MACHINE_ID_NAME}.{secrets.token_hex(4)}")
            made.write_text(secrets.token_hex(_MACHINE_ID_BYTES), encoding="ascii")
            made.chmod(PRIVATE_FILE_MODE)
            try:
                os.link(made, place)  # refuses to take the place of one that is there
            except FileExistsError:
                pass
            finally:
                made.unlink(missing_ok=True)
        text = place.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if len(text) == 2 * _MACHINE_ID_BYTES and text.isalnum() else ""


def last_used(data: Path, username: str) -> datetime | None:
    """When anything in a person's folder was last written (UTC); None for an empty folder.

    Says no more than the files themselves do to whoever sees them.
    """
    try:
        times = [path.stat().st_mtime for path in user_dir(data, username).iterdir()]
    except OSError:
        return None
    return datetime.fromtimestamp(max(times), UTC) if times else None


def normal_username(username: str) -> str:
    """One spelling per user: NFC, lower case, no blanks around it."""
    return unicodedata.normalize("NFC", username.strip()).casefold()


def _file_name_of(text: str) -> str:
    """Plain letters, digits, '-' and '_' stay; other bytes become %XX, so names never clash."""
    plain = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode("utf-8"))


def _text_of(file_name: str) -> str:
    """The text from which `_file_name_of` made a name."""
    first, *rest = file_name.encode("ascii", "ignore").split(b"%")
    decoded = [bytes.fromhex(part[:2].decode("ascii")) + part[2:] for part in rest]
    return b"".join([first, *decoded]).decode("utf-8", "replace")


def make_private_folder(folder: Path) -> None:
    """Create ``folder`` and its missing parents so that only the user may enter (mode 0700).

    A folder that already exists is narrowed to 0700; its existing parents are left alone.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=PRIVATE_FOLDER_MODE, exist_ok=True)
    if os.name == "posix":
        folder.chmod(PRIVATE_FOLDER_MODE)
