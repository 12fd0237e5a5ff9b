"""Rows as the REST API writes them: selected fields, parents nested, `attributes` in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.salesforce.org import Row, SalesforceOrg
    from tests.fakes.salesforce.resolve import Column, Fetch, Getter, Step

    Projection = Callable[[Row], dict[str, Any]]


@dataclass(slots=True)
class _Node:
    """What is selected of one object on the way: names in order, how to get each."""

    type_name: str
    plain: list[str] = field(default_factory=list)
    derived: dict[str, Getter] = field(default_factory=dict)
    parents: dict[str, tuple[Fetch, _Node]] = field(default_factory=dict)


def project(sobject: str, columns: Sequence[Column], org: SalesforceOrg, base: str) -> Projection:
    """Return a function from a stored row to a record of an answer."""
    root = _Node(sobject)
    for column in columns:
        node = root
        for step in column.steps:
            node = _child(node, step)
        _leaf(node, column)
    return _writer(root, org, f"{base}/sobjects")


def _child(node: _Node, step: Step) -> _Node:
    if step.relationship not in node.parents:
        node.parents[step.relationship] = (step.fetch, _Node(step.target.name))
    return node.parents[step.relationship][1]


def _leaf(node: _Node, column: Column) -> None:
    node.plain.append(column.field.name)
    if column.field.through is not None:
        node.derived[column.field.name] = column.get_own


def _writer(node: _Node, org: SalesforceOrg, base: str) -> Projection:
    """Compile a node; the loop over plain fields is what large pages spend their time in."""
    parents = [
        (name, fetch, _writer(child, org, base)) for name, (fetch, child) in node.parents.items()
    ]

    def write(row: Row) -> dict[str, Any]:
        record_id = row["Id"]
        url = f"{base}/{org.type_of(record_id)}/{record_id}"
        record: dict[str, Any] = {"attributes": {"type": node.type_name, "url": url}}
        record.update([(name, row[name]) for name in node.plain])
        for name, get in node.derived.items():
            record[name] = get(row)
        for name, fetch, write_parent in parents:
            parent = fetch(row)
            record[name] = None if parent is None else write_parent(parent)
        return record

    return write
