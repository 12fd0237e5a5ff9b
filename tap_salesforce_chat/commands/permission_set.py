"""A permission set for the integration user: what the streams need, read only, and no more.

Metadata as `sf project deploy start` takes it (Metadata API Developer Guide, PermissionSet).
Salesforce refuses the whole file if it names a field without field-level security. The describe
says which fields have it (`permissionable`), as far as the user sees the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tap_salesforce_chat.streams.described_stream import DescribedStream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tap_salesforce_chat.discovery.describe import Describe
    from tap_salesforce_chat.streams.base import SalesforceStream

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_LABEL = "Service Cloud conversations"
_DESCRIPTION = "Read access to what tap-salesforce-chat reads of chats and cases."
# Objects whose access follows another one's, or that everybody with API access may read.
_WITHOUT_PERMISSIONS = frozenset(
    {
        *("CaseComment", "EmailMessage", "LiveChatTranscriptEvent", "RecordType", "User"),
        *("LiveChatButton", "LiveChatDeployment", "Skill", "Name", "ConversationEntry"),
    }
)
# Objects without sharing of their own.
_WITHOUT_SHARING = frozenset({"Conversation", "MessagingChannel"})
# Fields without field-level security, for objects whose describe the user does not get.
_ALWAYS_SHOWN = frozenset(
    {
        *("Id", "Name", "FirstName", "LastName", "OwnerId", "RecordTypeId"),
        *("SystemModstamp", "IsDeleted"),
        *("CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate"),
        *("CaseNumber", "IsClosed", "LiveChatVisitorId", "MessagingEndUserId"),
    }
)


@dataclass(frozen=True, slots=True)
class Grants:
    """Objects to read, and fields of them as `Case.Description`."""

    objects: tuple[str, ...]
    fields: tuple[str, ...]


def grants_for(streams: Collection[type[SalesforceStream]], describe: Describe) -> Grants:
    """Return what some streams need.

    Args:
        streams: The streams that are read.
        describe: Looks an object up.
    """
    wanted: dict[str, set[str]] = {}
    for stream in streams:
        for sobject, names in _wanted(stream):
            wanted.setdefault(sobject, set()).update(names)
    fields = (
        f"{sobject}.{name}"
        for sobject, names in wanted.items()
        for name in names & _securable(sobject, names, describe(sobject))
    )
    return Grants(tuple(sorted(wanted.keys() - _WITHOUT_PERMISSIONS)), tuple(sorted(fields)))


def _wanted(stream: type[SalesforceStream]) -> Iterator[tuple[str, Iterable[str]]]:
    if not issubclass(stream, DescribedStream):
        return
    references = (f"{parent.relationship}Id" for parent in stream.parents)
    yield stream.sobject, {*stream.own_fields(), *references}
    for parent in stream.parents:
        # What is read of an owner, a user or a queue, is shown to everybody.
        if parent.sobject != "Name":
            yield parent.sobject, parent.fields


def _securable(
    sobject: str, names: Iterable[str], document: Mapping[str, Any] | None
) -> frozenset[str]:
    """Return the names of an object's fields that have field-level security."""
    if document is None:
        return frozenset() if sobject in _WITHOUT_PERMISSIONS else frozenset(names) - _ALWAYS_SHOWN
    shown = {field["name"]: field.get("permissionable", True) for field in document["fields"]}
    return frozenset(name for name in names if shown.get(name, True))


def metadata(grants: Grants) -> str:
    """Return a permission set as metadata: XML, elements in the order that Salesforce writes."""
    root = Element("PermissionSet", xmlns=_NAMESPACE)
    SubElement(root, "description").text = _DESCRIPTION
    for field in grants.fields:
        _add(root, "fieldPermissions", editable=False, field=field, readable=True)
    SubElement(root, "hasActivationRequired").text = "false"
    SubElement(root, "label").text = _LABEL
    for sobject in grants.objects:
        _add(
            root,
            "objectPermissions",
            allowCreate=False,
            allowDelete=False,
            allowEdit=False,
            allowRead=True,
            modifyAllRecords=False,
            object=sobject,
            viewAllRecords=sobject not in _WITHOUT_SHARING,
        )
    _add(root, "userPermissions", enabled=True, name="ApiEnabled")
    indent(root, space="    ")
    body = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add(root: Element, kind: str, **values: str | bool) -> None:
    element = SubElement(root, kind)
    for name, value in values.items():
        SubElement(element, name).text = value if isinstance(value, str) else str(value).lower()
