"""The data of an org, and what of it the API user may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.fields import custom_field
from tests.fakes.salesforce.ids import long_id, make_id
from tests.fakes.salesforce.messaging import Messaging
from tests.fakes.salesforce.schema import standard_objects
from tests.fakes.salesforce.values import stored, wire_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.fakes.salesforce.fields import Field, SObject

Row = dict[str, Any]

# Where real orgs start to count; everything else starts at 1.
_FIRST_NUMBERS = MappingProxyType({"Case": 1001})
# A Group is shown as a kind of its own when it is a queue; others go by their object's name.
_NAME_TYPES = MappingProxyType({"Queue": "Queue"})
_CREATED = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
_ACTORS = ("CreatedById", "LastModifiedById", "OwnerId")


class SalesforceOrg:
    """An org with the full schema, and no data but its own row and one user.

    A row holds every field of its object, values as REST writes them: a
    date-time is text such as `2024-01-02T03:04:05.000+0000`, and given ones
    may be text or `datetime`. Fields that the API user may not see can be
    written and read here all the same.
    """

    def __init__(self) -> None:
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        # Very many deletions make Salesforce forget the older ones.
        self.deletions_known_since = datetime.min.replace(tzinfo=UTC)
        self.messaging = Messaging(self)
        self._objects = standard_objects()
        self._prefixes = {item.prefix: name for name, item in self._objects.items()}
        self._rows: dict[str, dict[str, Row]] = {name: {} for name in self._objects}
        self._inserted = dict.fromkeys(self._objects, 0)
        self._deletions: dict[str, dict[str, str]] = {name: {} for name in self._objects}
        self._hidden: set[tuple[str, str]] = set()
        self._forbidden: set[str] = set()
        self._visible: dict[str, SObject] | None = None
        # Of objects, fields and permissions alike.
        self.metadata_changed_at = datetime.min.replace(tzinfo=UTC)
        # Orgs with the same changes show the same metadata.
        self.metadata_changes: list[str] = []
        self.user_id = make_id("005", 1)
        self.add(
            "User",
            FirstName="Integration",
            LastName="User",
            Email="integration@example.test",
            Username="integration@example.test",
            Alias="integ",
        )
        self.permissions_id = self.add("UserPermissionAccess")
        self.org_id = self.add("Organization", Name="Example", OrganizationType="Developer Edition")

    def add(self, sobject: str, **values: Any) -> str:
        """Insert a row and return its id.

        Raises:
            ValueError: The object or a field does not exist, or a value does not fit.
        """
        definition = self._definition(sobject)
        rows = self._rows[sobject]
        number = self._inserted[sobject] + 1
        record_id = long_id(values.pop("Id", None) or make_id(definition.prefix, number))
        if record_id in rows or not record_id.startswith(definition.prefix):
            msg = f"{record_id} is taken or no id of {sobject}"
            raise ValueError(msg)
        row = self._blank(definition, number - 1) | self._stored(definition, values)
        row["Id"] = record_id
        _complete_name(row, values)
        rows[record_id] = row
        self._inserted[sobject] = number
        return record_id

    def update(self, sobject: str, record_id: str, **values: Any) -> None:
        """Change a row; the modification times move unless they are given.

        Raises:
            ValueError: A field does not exist, or a value does not fit.
        """
        row = self.get(sobject, record_id)
        now = wire_datetime(self.now())
        changes = {"LastModifiedDate": now, "SystemModstamp": now}
        row.update(changes | self._stored(self._definition(sobject), values))
        _complete_name(row, values)

    def delete(self, sobject: str, record_id: str) -> None:
        """Move a row to the recycle bin, where only `queryAll` sees it."""
        row = self.get(sobject, record_id)
        now = wire_datetime(self.now())
        row.update(IsDeleted=True, SystemModstamp=now)
        self._deletions[sobject][row["Id"]] = now

    def purge(self, sobject: str, record_id: str) -> None:
        """Delete a row past the recycle bin, or empty the bin of it: no query sees it."""
        row = self._rows[sobject].pop(long_id(record_id))
        self._deletions[sobject].setdefault(row["Id"], wire_datetime(self.now()))

    def deletions(self, sobject: str) -> dict[str, str]:
        """Return when rows were deleted, by id, whether or not the recycle bin has them."""
        return self._deletions[sobject]

    def get(self, sobject: str, record_id: str) -> Row:
        """Return the stored row itself, not a copy."""
        return self._rows[sobject][long_id(record_id)]

    def add_field(self, sobject: str, name: str, type_: str, **changes: Any) -> None:
        """Give an object one more field; `changes` are attributes of `fields.Field`."""
        field = custom_field(name, type_, changes.pop("label", None), **changes)
        self._objects[sobject] = self._definition(sobject).with_field(field)
        for row in self._rows[sobject].values():
            row[name] = field.default
        self._change_metadata("add", sobject, field)

    def retype(
        self, sobject: str, name: str, type_: str, convert: Callable[[Any], Any], **changes: Any
    ) -> None:
        """Make a custom field one of another type; its values are converted, no row is touched."""
        definition, field = self._definition(sobject), custom_field(name, type_, None, **changes)
        others = tuple(item for item in definition.fields if item.name != name)
        self._objects[sobject] = replace(definition, fields=(*others, field))
        for row in self._rows[sobject].values():
            row[name] = stored(field, None if row[name] is None else convert(row[name]))
        self._change_metadata("retype", sobject, field)

    def hide(self, sobject: str, *fields: str) -> None:
        """Take fields from the API user, as field-level security does."""
        for field in fields:
            self._field(self._definition(sobject), field)
            self._hidden.add((sobject, field))
        self._change_metadata("hide", sobject, fields)

    def show(self, sobject: str, *fields: str) -> None:
        """Give fields back that were hidden."""
        self._hidden.difference_update((sobject, field) for field in fields)
        self._change_metadata("show", sobject, fields)

    def forbid(self, *sobjects: str) -> None:
        """Take whole objects from the API user."""
        self._forbidden.update(self._definition(sobject).name for sobject in sobjects)
        self._change_metadata("forbid", sobjects)

    def permit(self, *sobjects: str) -> None:
        """Give whole objects back that were forbidden."""
        self._forbidden.difference_update(sobjects)
        self._change_metadata("permit", sobjects)

    def visible_objects(self) -> dict[str, SObject]:
        """Return what the API user may see, by lower-case name."""
        if self._visible is None:
            shown = (self._shown(item) for item in self._objects.values())
            self._visible = {item.name.lower(): item for item in shown if item is not None}
        return self._visible

    def sobject(self, name: str) -> SObject | None:
        """Return an object that the API user may see, whatever the case of its name."""
        return self.visible_objects().get(name.lower())

    def rows(self, sobject: str) -> list[Row]:
        """Return the rows of an object in the order of their insertion."""
        return list(self._rows[sobject].values())

    def type_of(self, record_id: str) -> str | None:
        """Return the object that an id belongs to."""
        return self._prefixes.get(record_id[:3])

    def find(self, record_id: str | None) -> Row | None:
        """Return the row of an id of any object, if there is one."""
        sobject = self.type_of(record_id) if record_id else None
        return self._rows[sobject].get(record_id or "") if sobject else None

    def find_name(self, record_id: str | None) -> Row | None:
        """Return what the pseudo-object `Name` shows of the row of an id."""
        row = self.find(record_id)
        if row is None:
            return None
        definition = self._objects[self.type_of(row["Id"]) or ""]
        name = row[definition.name_field]
        view = {field.name: row.get(field.name) for field in self._objects["Name"].fields}
        kind = _NAME_TYPES.get(row.get("Type") or "", definition.name)
        return view | {"Name": name, "Type": kind, "NameOrAlias": row.get("Alias") or name}

    def _change_metadata(self, *change: object) -> None:
        self._visible = None
        self.metadata_changes.append(repr(change))
        self.metadata_changed_at = self.now()

    def _definition(self, sobject: str) -> SObject:
        if sobject not in self._objects:
            msg = f"No object {sobject}"
            raise ValueError(msg)
        return self._objects[sobject]

    def _field(self, definition: SObject, name: str) -> Field:
        field = definition.by_name.get(name.lower())
        if field is None or field.name != name:
            msg = f"No field {name} on {definition.name}"
            raise ValueError(msg)
        return field

    def _stored(self, definition: SObject, values: Row) -> Row:
        return {name: stored(self._field(definition, name), values[name]) for name in values}

    def _blank(self, definition: SObject, existing: int) -> Row:
        """A row as it is when nothing is given."""
        row: Row = {field.name: field.default for field in definition.fields}
        number = f"{_FIRST_NUMBERS.get(definition.name, 1) + existing:08}"
        row.update({field.name: number for field in definition.fields if field.auto_number})
        now = wire_datetime(self.now())
        row.update(dict.fromkeys(_CREATED, now))
        row.update({name: self.user_id for name in _ACTORS if name in row})
        return row

    def _shown(self, definition: SObject) -> SObject | None:
        if definition.name in self._forbidden:
            return None
        shown = (
            self._reachable(field)
            for field in definition.fields
            if (definition.name, field.name) not in self._hidden
        )
        return replace(definition, fields=tuple(shown))

    def _reachable(self, field: Field) -> Field:
        """A reference names only the objects that the user may see."""
        if self._forbidden.isdisjoint(field.reference_to):
            return field
        targets = tuple(name for name in field.reference_to if name not in self._forbidden)
        relationship = field.relationship if targets else None
        return replace(field, reference_to=targets, relationship=relationship)


def _complete_name(row: Row, given: Iterable[str]) -> None:
    """People have a Name that Salesforce makes of its parts."""
    if "LastName" in row and "Name" not in given:
        row["Name"] = " ".join(filter(None, (row["FirstName"], row["LastName"]))) or None
