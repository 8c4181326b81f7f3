"""The reference of `rush`: the same rows into the same table, without any of our program.

`_raw_inserts URL WAY CONNECTIONS DAYS FIRST ROWS`: ROWS is a file with the rows of one day as JSON
lists, FIRST the first sequence number to use. Each connection stores days in the table `record`,
one day a transaction and in one statement (WAY is "insert" or "copy"), all of them durable. Prints
the seconds that this took; making the rows is not counted.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg

from fieldapp.ids import new_id

Rows = list[list[Any]]
Day = bytes | list[Any]
"""What a statement is given: a block for COPY, or all values of all rows for INSERT."""


def main() -> None:
    url, way, connections, days, first, file = sys.argv[1:]
    columns, rows = json.loads(Path(file).read_text(encoding="utf-8"))
    count = int(days) // int(connections)
    start = threading.Barrier(int(connections) + 1)
    statement = (_copy if way == "copy" else _insert)(columns, len(rows))
    threads = []
    for number in range(int(connections)):
        sequence = int(first) + number * count * len(rows)
        made = _made(columns, rows, sequence, count)
        work = [_block(day) if way == "copy" else _values(day) for day in made]
        threads.append(threading.Thread(target=_store, args=(url, statement, work, start)))
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    print(json.dumps({"seconds": time.perf_counter() - began, "days": count * len(threads)}))


def _made(columns: list[str], rows: list[list[Any]], sequence: int, days: int) -> list[Rows]:
    """The rows of each day, with new ids and numbers from `sequence` on."""
    identity, number = columns.index("id"), columns.index("seq")
    made = []
    for _ in range(days):
        day = [list(row) for row in rows]
        for row in day:
            row[identity], row[number] = new_id(), sequence
            sequence += 1
        made.append(day)
    return made


def _copy(columns: list[str], rows: int) -> bytes:
    del rows
    return f"COPY record ({', '.join(columns)}) FROM STDIN".encode()


def _insert(columns: list[str], rows: int) -> bytes:
    one = f"({', '.join(['%s'] * len(columns))})"
    return f"INSERT INTO record ({', '.join(columns)}) VALUES {', '.join([one] * rows)}".encode()


def _block(day: Rows) -> bytes:
    return ("\n".join("\t".join(map(_text, row)) for row in day) + "\n").encode()


def _values(day: Rows) -> list[Any]:
    return [value for row in day for value in row]


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    text = str(value).replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _store(url: str, statement: bytes, days: list[Day], start: threading.Barrier) -> None:
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        start.wait()
        for day in days:
            with connection.transaction():
                if isinstance(day, bytes):
                    with cursor.copy(statement) as copy:
                        copy.write(day)
                else:
                    cursor.execute(statement, day, prepare=True)


if __name__ == "__main__":
    main()
