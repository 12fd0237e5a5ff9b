"""Field paths to columns: where a value comes from, as far as the API user may go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.errors import Code, SoqlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce.fields import Field, SObject
    from tests.fakes.salesforce.org import Row, SalesforceOrg
    from tests.fakes.salesforce.syntax import FieldPath, Query

    Getter = Callable[[Row], Any]
    Fetch = Callable[[Row], Row | None]

_HINT = (
    "If you are attempting to use a custom {what}, be sure to append the '{suffix}' after the"
    " {where} name. Please reference your WSDL or the describe call for the appropriate names."
)
_FIELD_HINT = _HINT.format(what="field", suffix="__c", where="custom field")
_RELATION_HINT = _HINT.format(what="relationship", suffix="__r", where="custom relationship")
_OBJECT_HINT = _HINT.format(what="object", suffix="__c", where="entity")

_MOST_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """From a row to its parent."""

    relationship: str
    target: SObject
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Column:
    """A path in full: the parents on the way, and the field at its end.

    `get` starts from the queried row, `get_own` from the row that holds the field.
    """

    steps: tuple[Step, ...]
    field: Field
    get: Getter
    get_own: Getter

    @property
    def name(self) -> str:
        return ".".join((*(step.relationship for step in self.steps), self.field.name))


class Resolver:
    """Resolves the paths of one query."""

    def __init__(self, org: SalesforceOrg, query: Query) -> None:
        self._org = org
        self._query = query
        self.sobject = self._queried_object()

    def column(self, path: FieldPath) -> Column:
        """Return the column of a path.

        Raises:
            SoqlError: A name on it does not exist or is hidden from the user.
        """
        names = self._without_prefix(path.names)
        if len(names) > _MOST_LEVELS + 1:
            # That it is refused is documented, the words are not.
            problem = f"No more than {_MOST_LEVELS} levels of parents can be specified"
            raise self._error(Code.MALFORMED_QUERY, path.position, problem)
        sobject = self.sobject
        steps: list[Step] = []
        for name in names[:-1]:
            steps.append(self._step(sobject, name, path.position))
            sobject = steps[-1].target
        field = sobject.by_name.get(names[-1].lower())
        if field is None:
            problem = f"No such column '{names[-1]}' on entity '{sobject.name}'. {_FIELD_HINT}"
            raise self._error(Code.INVALID_FIELD, path.position, problem)
        return self._built(tuple(steps), field)

    def own_column(self, field: Field) -> Column:
        """Return the column of a field of the queried object itself."""
        return self._built((), field)

    def _queried_object(self) -> SObject:
        query = self._query
        sobject = self._org.sobject(query.sobject)
        if sobject is None:
            problem = f"sObject type '{query.sobject}' is not supported. {_OBJECT_HINT}"
            raise self._error(Code.INVALID_TYPE, query.sobject_position, problem)
        if not sobject.queryable:
            problem = f"entity type {sobject.name} does not support query"
            raise self._error(Code.INVALID_TYPE_FOR_OPERATION, query.sobject_position, problem)
        return sobject

    def _without_prefix(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """`Case.Subject` and, behind `FROM Case c`, `c.Subject` mean `Subject`."""
        prefix = (self._query.alias or self.sobject.name).lower()
        return names[1:] if len(names) > 1 and names[0].lower() == prefix else names

    def _step(self, sobject: SObject, name: str, position: int) -> Step:
        field = sobject.by_relationship.get(name.lower())
        target = None if field is None else self._target(field)
        if field is None or target is None or field.relationship is None:
            problem = f"Didn't understand relationship '{name}' in field path. {_RELATION_HINT}"
            raise self._error(Code.INVALID_FIELD, position, problem)
        read = self._org.find_name if field.polymorphic else self._org.find
        return Step(field.relationship, target, partial(_fetch, read, field.name))

    def _target(self, field: Field) -> SObject | None:
        return self._org.sobject("Name" if field.polymorphic else field.reference_to[0])

    def _built(self, steps: tuple[Step, ...], field: Field) -> Column:
        own: Getter = itemgetter(field.name)
        if field.through is not None:
            own = partial(_read_through, self._org.find, field.name, field.through)
        get = own
        for step in reversed(steps):
            get = partial(_from_parent, step.fetch, get)
        return Column(steps, field, get, own)

    def _error(self, code: Code, position: int, problem: str) -> SoqlError:
        return SoqlError(code, self._query.text, position, problem)


def _fetch(read: Callable[[str | None], Row | None], reference: str, row: Row) -> Row | None:
    return read(row[reference])


def _from_parent(fetch: Fetch, get: Getter, row: Row) -> Any:
    parent = fetch(row)
    return None if parent is None else get(parent)


def _read_through(
    find: Callable[[str | None], Row | None], name: str, through: tuple[str, str], row: Row
) -> Any:
    """A Case shows its Contact's address as it is now, and holds none itself."""
    reference, field = through
    parent = find(row[reference])
    return row[name] if parent is None else parent[field]
