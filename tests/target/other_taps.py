"""Rows and streams as other taps, and loaders between them and us, shape those of `rows.py`.

Where each shape comes from stands beside it. The values are ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from singer_sdk.helpers._flattening import flatten_record

from target_creovai.salesforce.ids import long_id
from tests.target.messaging_rows import answer, entries, entry, session
from tests.target.rows import (
    AGENT,
    AGENT_ID,
    CONTACT_ID,
    CUSTOMER,
    Record,
    at,
    case,
    chat,
    comment,
    deleted,
    mail,
    reply,
)

Shape = Callable[[Record], Record]
PORTAL_ID = "005000000000009AAA"
PORTAL = CUSTOMER | {"Username": "ada@portal.example", "UserType": "CustomerSuccess"}

# What goes wrong when a field is not understood: a draft, a deleted mail, an internal comment,
# a customer's comment, a mail that came in, an open case.
WORLD = [
    case(1, Description="It broke.", Origin="Web", IsEscalated=False),
    case(2, IsClosed=False, ClosedDate=None),
    mail(1),
    reply(2, MessageDate=at("11:30")),
    reply(3, TextBody="half-written", Status="5"),
    deleted(mail(4, TextBody="taken back")),
    comment(1, CommentBody="to the customer"),
    comment(2, CommentBody="among us", IsPublished=False),
    comment(3, CommentBody="by the customer", CreatedBy=PORTAL, CreatedById=PORTAL_ID),
    mail(5, case=2),
    chat(1, OperatorMessageCount=1, VisitorMessageCount=1, IsChatbotSession=False),
    chat(2, Status="InProgress", EndTime=None),
    session(1),
    *entries(entry(1), answer(2)),
]


def snake(name: str) -> str:
    """Return a name as dlt, Fivetran and dbt packages write it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def renamed(change: Callable[[str], str], row: dict[str, Any], depth: int = 1) -> dict[str, Any]:
    """Return a row with other names, inside parents as well."""
    return {
        change(name): renamed(change, value, depth - 1)
        if isinstance(value, dict) and depth and name != "Payload"
        else value
        for name, value in row.items()
    }


def flat(row: dict[str, Any], separator: str) -> dict[str, Any]:
    """Return what the SDK's own flattening makes of a row."""
    # An object without properties stays one; which those are is told by the flattened schema.
    whole: dict[str, Any] = {name: {} for name in row if name.lower() == "payload"}
    return flatten_record(row, {"properties": whole or {"Id": {}}}, 1, separator)


def as_text(value: Any) -> Any:
    """Return a value as CSV has it: no type, and nothing for null."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value if isinstance(value, dict) else str(value)


def without_parents(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a tap reads it that asks for an object's own fields alone."""
    return {name: value for name, value in row.items() if not isinstance(value, dict)}


def database_time(value: Any) -> Any:
    """Return a date-time as databases print it, in UTC without saying so."""
    is_time = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+Z", value)
    return value[:-1].replace("T", " ") if is_time else value


def epoch(value: Any) -> Any:
    """Return a date-time in milliseconds since 1970."""
    is_time = isinstance(value, str) and re.fullmatch(r"2024-05-06T[\d:]+Z", value)
    if not is_time:
        return value
    hours, minutes, seconds = map(int, value[11:-1].split(":"))
    return (1_714_953_600 + hours * 3600 + minutes * 60 + seconds) * 1000


def _mapped(row: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: change(value) for name, value in row.items()}


def sdk_flattened(record: Record) -> Record:
    """`flattening_enabled` of an SDK tap, ours included: `CreatedBy__UserType`."""
    return Record(record.stream, flat(record.row, "__"))


def sdk_flattened_by_one(record: Record) -> Record:
    """The same with `flattening_separator: _`: `CreatedBy_UserType`."""
    return Record(record.stream, flat(record.row, "_"))


def spreadsheets(record: Record) -> Record:
    """tap-spreadsheets 1.1.2 on an export: headers in lower case, `_` for each dot, text only."""
    row = flat(record.row, ".")
    return Record(
        record.stream,
        {name.lower().replace(".", "_"): as_text(value) for name, value in row.items()},
    )


def dotted(record: Record) -> Record:
    """SOQL's own names of parents' fields, as exports have them: `CreatedBy.UserType`."""
    return Record(record.stream, flat(record.row, "."))


def fivetran(record: Record) -> Record:
    """Fivetran's destination (docs, Salesforce schema) by tap-postgres: `<schema>-<table>`."""
    row = flat(renamed(snake, record.row), "__")
    row |= {"_fivetran_synced": at("23:00"), "_fivetran_deleted": False}
    return Record(f"salesforce-{snake(record.stream)}", row)


def stitch(record: Record) -> Record:
    """Stitch's destination, as GitLab's public dbt project reads it: `isclosed`, `createdbyid`."""
    row = flat(renamed(str.lower, record.row), "__")
    row |= {"_sdc_batched_at": at("23:00"), "_sdc_sequence": 17, "_sdc_deleted_at": None}
    return Record(record.stream.lower(), _mapped(row, database_time))


def snowflake(record: Record) -> Record:
    """A Snowflake table, whose unquoted names are in capitals, by tap-snowflake."""
    row = flat(renamed(str.upper, record.row), "__")
    return Record(f"RAW-SALESFORCE-{record.stream.upper()}", _mapped(row, database_time))


def dlt(record: Record) -> Record:
    """The naming convention of dlt: snake case, `__` into objects, `_dlt_*`."""
    row = flat(renamed(snake, record.row), "__") | {"_dlt_id": "xY1", "_dlt_load_id": "17.5"}
    return Record(snake(record.stream), row)


def mysql(record: Record) -> Record:
    """MySQL has no boolean: `tinyint(1)`; and times without a zone."""
    row = _mapped(record.row, lambda value: int(value) if isinstance(value, bool) else value)
    return Record(record.stream, _mapped(row, database_time))


def csv(record: Record) -> Record:
    """A Bulk API result or another CSV file, as tap-csv reads it: text only."""
    return Record(record.stream, _mapped(flat(record.row, "."), as_text))


def debezium(record: Record) -> Record:
    """A change stream of a database copy: milliseconds, and marks of deletion as text."""
    row = _mapped(record.row, epoch) | {"__deleted": "false", "__ts_ms": 1_714_953_600_000}
    return Record(record.stream, row)


def one_letter(record: Record) -> Record:
    """Oracle and older databases keep Y and N."""
    flag = {True: "Y", False: "N"}
    return Record(
        record.stream, _mapped(record.row, lambda v: flag[v] if isinstance(v, bool) else v)
    )


def short_ids(record: Record) -> Record:
    """Reports and formulas give Ids of 15 characters."""
    return Record(
        record.stream,
        _mapped(
            record.row,
            lambda v: v[:15] if isinstance(v, str) and v == long_id(v[:15]) else v,
        ),
    )


def parents_as_text(record: Record) -> Record:
    """Databases without an object type keep JSON in a text column."""
    return Record(
        record.stream,
        _mapped(record.row, lambda v: json.dumps(v) if isinstance(v, dict) else v),
    )


def heroku_connect(record: Record) -> Record:
    """Heroku Connect's tables: names in lower case, `sfid`, and an `id` of their own."""
    row = flat(renamed(str.lower, record.row), "__")
    row = {"sfid" if name == "id" else name: value for name, value in row.items()}
    row |= {"id": 17, "_hc_lastop": "SYNCED", "_hc_err": None}
    return Record(f"salesforce-{record.stream.lower()}", row)


SHAPES: tuple[Shape, ...] = (
    sdk_flattened,
    sdk_flattened_by_one,
    dotted,
    spreadsheets,
    fivetran,
    stitch,
    snowflake,
    dlt,
    mysql,
    csv,
    debezium,
    one_letter,
    short_ids,
    parents_as_text,
    heroku_connect,
)


def user(row_id: str = AGENT_ID, **fields: Any) -> Record:
    """Return a User row, as any tap reads it."""
    row = {"Id": row_id, **AGENT, "UserType": "Standard", "SystemModstamp": at("09:00")}
    return Record("User", row | fields)


def contact(row_id: str = CONTACT_ID, **fields: Any) -> Record:
    """Return a Contact row."""
    row = {"Id": row_id, **CUSTOMER, "IsDeleted": False, "SystemModstamp": at("09:00")}
    return Record("Contact", row | fields)


def singer_io(record: Record) -> Record:
    """tap-salesforce of singer-io and of MeltanoLabs: own fields only, six digits of a second."""
    row = without_parents(record.row)
    return Record(
        record.stream,
        _mapped(row, lambda v: f"{v[:-1]}.000000Z" if database_time(v) != v else v),
    )
