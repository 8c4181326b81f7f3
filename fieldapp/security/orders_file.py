"""The orders file: what the locked program needs to ask whether the organisation wants this store.

It lies in clear beside the key file and holds no secret: the server's address, this store's id
there, and the public key that orders are signed with. Whoever changes it can keep the locked
program from asking, as pulling the network cable does; a forged order it does not make genuine,
because while the store is open the key inside the store counts.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Final

from fieldapp.domain.device_orders import OrdersFile
from fieldapp.errors import RetryError, UserError
from fieldapp.store.files import write_private_file

log = logging.getLogger(__name__)

ORDERS_NAME: Final = "journal.orders"
_FORMAT: Final = "fieldapp-orders"

__all__ = ["ORDERS_NAME", "OrdersFile", "path_in", "read", "write"]


def path_in(folder: Path) -> Path:
    """Where the orders file of a store lies."""
    return folder / ORDERS_NAME


def read(folder: Path) -> OrdersFile | None:
    """Return the orders file of a store; None for none and for one that cannot be read."""
    try:
        values = json.loads(path_in(folder).read_text(encoding="utf-8"))
        found = OrdersFile(
            server_url=values["server_url"],
            server_id=values["server_id"],
            device_id=values["device_id"],
            order_key=values["order_key"],
            authorities=tuple(values["authorities"]),
        )
        texts = (found.server_url, found.server_id, found.device_id, *found.authorities)
        good = all(isinstance(text, str) and text for text in texts) and len(found.public_key) == 32
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if good else None


def write(folder: Path, orders: OrdersFile) -> None:
    """Write the file where it says something else. A disk that does not take it is no reason not to
    work: it is written again when the store is next opened.
    """
    if read(folder) == orders:
        return
    text = json.dumps({"format": _FORMAT, **asdict(orders)}, indent=1)
    try:
        write_private_file(path_in(folder), text.encode("utf-8"))
    except (UserError, RetryError, OSError) as error:
        log.warning("the orders file was not written: %s", type(error).__name__)
