"""Whole cases: of each case that a sync touches, what lies before its lower bound as well.

With a `start_date`, a sync reads what changed since, and with it only the newer part of cases that
are older. So when all streams are read, one query for each of them finds the older cases that have
anything in what was read, and queries by their Ids bring what each stream has of them from before
the bound. That this is done last is what makes it sure: whatever was emitted, also what was
committed late, is there when these queries look for it.

Until the older rows are out, the bookmarks say from where on they are owed, so that a run which is
killed leaves them to the next one. STATE calls cases whole only when nothing is owed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.reading.rows import plain
from tap_salesforce_chat.soql import CURSOR, KEY, Query, one_of
from tap_salesforce_chat.state.bookmarks import earlier, instant_in, instant_text
from tap_salesforce_chat.state.keys import OWED_SINCE, READ_AGAIN, READ_SINCE, WHOLE_BEFORE
from tap_salesforce_chat.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.streams.query_stream import QueryStream

# About 21 characters each, of the 100,000 that a query may have.
_IDS_AT_ONCE = 3_000
_MASTER = "MasterRecordId"  # of a case that was merged into another one, which has its children


class WholeCases:
    """Completes the cases of a sync.

    Args:
        streams: The streams that are read of Case and its children.
    """

    def __init__(self, streams: Sequence[QueryStream]) -> None:
        self._streams = streams
        self._cases = next((item for item in streams if item.case_field == KEY), None)
        self._children = [item for item in streams if item.case_field != KEY]
        bounds = {item.name: instant_in(item.progress, READ_SINCE) for item in streams}
        self._bounds = {name: bound for name, bound in bounds.items() if bound}

    def begin(self) -> None:
        """Note from where on this sync may emit rows of cases that have older ones."""
        if self._bounds:
            for stream in self._streams:
                since, progress = stream.reads.since, stream.progress
                if OWED_SINCE in progress:
                    since = earlier(since, instant_in(progress, OWED_SINCE))
                progress[OWED_SINCE] = instant_text(since)
                if READ_AGAIN in progress:
                    # Whatever touched a case meanwhile, its older rows came without the field.
                    progress.pop(WHOLE_BEFORE, None)

    def complete(self) -> None:
        """Emit the older rows of the cases that were touched, and say so in STATE.

        As long as nobody may see to which case a row belongs, they stay owed.
        """
        if self._bounds and self._cases and not any(map(_is_nobodys, self._streams)):
            self._emit_older(self._cases)
            for stream in self._streams:
                del stream.progress[OWED_SINCE]
                bound = self._bounds.get(stream.name)
                stream.progress[WHOLE_BEFORE] = instant_text(bound)
                stream.reads.whole_before = bound
                stream.publish()

    def _emit_older(self, cases: QueryStream) -> None:
        # Children first: a case that changes meanwhile is then found by its own row at the latest.
        elsewhere = {row[0] for child in self._children for row in self._touched_by(child, cases)}
        own = set()
        for row_id, *masters in self._touched(cases, *_merged_into(cases)):
            own.add(row_id)
            elsewhere.update(filter(None, masters))
        for stream in self._streams:
            # A case that was touched itself is out.
            ids = elsewhere if stream is cases else elsewhere | own
            if ids and (bound := self._bounds.get(stream.name)):
                stream.emit(_older_rows(stream, sorted(ids), bound))

    def _touched_by(self, child: QueryStream, cases: QueryStream) -> Iterator[list[Any]]:
        """Yield the Ids of older cases that have a child in what was read, but are not in it."""
        begin = self._begin(cases)
        elsewhere = [f"Parent.{CURSOR} < {format_instant(begin)}"] if begin else []
        return self._touched(child, parent="Parent.", conditions=elsewhere)

    def _touched(
        self, stream: QueryStream, *more: str, parent: str = "", conditions: Sequence[str] = ()
    ) -> Iterator[list[Any]]:
        """Yield the Id of the older case of each row in what was read, and more fields of it."""
        older = f"{parent}CreatedDate < {format_instant(max(self._bounds.values()))}"
        names = (stream.case_field, *more)
        query = Query(
            stream.name,
            tuple(dict.fromkeys((KEY, CURSOR, *names))),
            since=self._begin(stream),
            condition=stream.condition,
            more=(older, *conditions),
        )
        # As nearly always: a count alone then spares the query that it would be compared with.
        if not stream.has_none(query):
            for row in map(plain, stream.rows_by_rest(query)):
                yield [row.get(name) for name in names]

    def _begin(self, stream: QueryStream) -> datetime | None:
        """Return from where on rows are out whose cases are owed older ones."""
        known = all(
            item.progress.get(WHOLE_BEFORE) == item.progress.get(READ_SINCE)
            for item in self._streams
        )
        owed = instant_in(stream.progress, OWED_SINCE)
        return owed if known else earlier(owed, min(self._bounds.values()))


def _older_rows(stream: QueryStream, ids: Sequence[str], bound: datetime) -> Iterator[Row]:
    for first in range(0, len(ids), _IDS_AT_ONCE):
        query = Query(
            stream.name,
            stream.selected_fields(),
            until=bound,
            condition=stream.condition,
            more=(one_of(stream.case_field, ids[first : first + _IDS_AT_ONCE]),),
        )
        yield from stream.rows_by_rest(query)


def _is_nobodys(stream: QueryStream) -> bool:
    """Tell whether the rows of a stream come without the case that they belong to."""
    return stream.case_field in stream.reads.without


def _merged_into(cases: QueryStream) -> tuple[str, ...]:
    return (_MASTER,) if _MASTER in cases.schema["properties"] else ()
