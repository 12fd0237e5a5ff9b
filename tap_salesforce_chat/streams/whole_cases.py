"""Whole cases: the rows of changed cases from before `start_date`.

With a `start_date`, a sync reads only the newer rows of older cases. So when all streams are read,
one query for each of them finds the older cases with any row in what was read, and queries by
their Ids return the rows that each stream has of them from before the bound. These queries run
last: by then every row that was emitted, also one that was committed late, is visible to them.

Until the older rows are emitted, `cases_owed_since` in the bookmarks says from where on they are
missing: if the run is killed, the next one emits them. STATE names cases whole only when none are
missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.reading.rows import row_as_dict
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY, Query, one_of
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
_MASTER = "MasterRecordId"  # the case that a case was merged into; it takes over the children


class WholeCases:
    """Emits the older rows of the cases that a sync has changed rows of.

    Args:
        streams: The streams that are read of Case and its children.
    """

    def __init__(self, streams: Sequence[QueryStream]) -> None:
        self._streams = streams
        self._cases = next((item for item in streams if item.case_field == PRIMARY_KEY), None)
        self._children = [item for item in streams if item.case_field != PRIMARY_KEY]
        bounds = {item.name: instant_in(item.progress, READ_SINCE) for item in streams}
        self._bounds = {name: bound for name, bound in bounds.items() if bound}

    def begin(self) -> None:
        """Put into STATE from where on rows are emitted of cases whose older rows are missing."""
        if self._bounds:
            for stream in self._streams:
                since, progress = stream.reads.since, stream.progress
                if OWED_SINCE in progress:
                    since = earlier(since, instant_in(progress, OWED_SINCE))
                progress[OWED_SINCE] = instant_text(since)
                if READ_AGAIN in progress:
                    # Whichever row of a case changed meanwhile, its older rows lack the field.
                    progress.pop(WHOLE_BEFORE, None)

    def complete(self) -> None:
        """Emit the older rows of changed cases, and put that into STATE.

        They stay missing as long as the org hides to which case a row belongs.
        """
        if self._bounds and self._cases and not any(map(_lacks_case, self._streams)):
            self._emit_older(self._cases)
            for stream in self._streams:
                del stream.progress[OWED_SINCE]
                bound = self._bounds.get(stream.name)
                stream.progress[WHOLE_BEFORE] = instant_text(bound)
                stream.reads.whole_before = bound
                stream.publish()

    def _emit_older(self, cases: QueryStream) -> None:
        # Children first: a case that changes meanwhile is then found by its own row at the latest.
        related = {
            row[0] for child in self._children for row in self._changed_through(child, cases)
        }
        own = set()
        for row_id, *masters in self._changed(cases, *_merged_into(cases)):
            own.add(row_id)
            related.update(filter(None, masters))
        for stream in self._streams:
            # The row of a case that changed itself is emitted already.
            ids = related if stream is cases else related | own
            if ids and (bound := self._bounds.get(stream.name)):
                stream.emit(_older_rows(stream, sorted(ids), bound))

    def _changed_through(self, child: QueryStream, cases: QueryStream) -> Iterator[list[Any]]:
        """Yield the Ids of older cases of which a child was read, but not the case itself."""
        begin = self._changed_since(cases)
        not_read = [f"Parent.{REPLICATION_KEY} < {format_instant(begin)}"] if begin else []
        return self._changed(child, parent="Parent.", conditions=not_read)

    def _changed(
        self, stream: QueryStream, *more: str, parent: str = "", conditions: Sequence[str] = ()
    ) -> Iterator[list[Any]]:
        """Yield the Id of the older case of each row that was read, and more fields of the row."""
        older = f"{parent}CreatedDate < {format_instant(max(self._bounds.values()))}"
        names = (stream.case_field, *more)
        query = Query(
            stream.name,
            tuple(dict.fromkeys((PRIMARY_KEY, REPLICATION_KEY, *names))),
            since=self._changed_since(stream),
            condition=stream.condition,
            more=(older, *conditions),
        )
        # Usually there is none: a count alone saves the query, which would be counted as well.
        if not stream.has_no_rows(query):
            for row in map(row_as_dict, stream.rows_by_rest(query)):
                yield [row.get(name) for name in names]

    def _changed_since(self, stream: QueryStream) -> datetime | None:
        """Return from where on rows are emitted of cases whose older rows are missing."""
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


def _lacks_case(stream: QueryStream) -> bool:
    """Return whether the rows of a stream lack the case that they belong to."""
    return stream.case_field in stream.reads.without


def _merged_into(cases: QueryStream) -> tuple[str, ...]:
    return (_MASTER,) if _MASTER in cases.schema["properties"] else ()
