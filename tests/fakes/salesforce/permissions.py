"""Deploying a permission set: the metadata that Salesforce takes, and what a user then sees.

The form is that of the Metadata API Developer Guide (PermissionSet, PermissionSetFieldPermissions,
PermissionSetObjectPermissions, PermissionSetUserPermission). Objects that stand in no permission
set are those that Setup lists none for: access to them follows another object's.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.fakes.salesforce.describe import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.salesforce.org import SalesforceOrg

_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_KEYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "fieldPermissions": frozenset({"editable", "field", "readable"}),
        "objectPermissions": frozenset(
            {
                *("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords"),
                *("object", "viewAllRecords"),
            }
        ),
        "userPermissions": frozenset({"enabled", "name"}),
    }
)
_TEXTS = frozenset({"description", "hasActivationRequired", "label"})
# Object -> the one whose permissions count for it.
_FOLLOWS: Mapping[str, str] = MappingProxyType({"CaseComment": "Case", "EmailMessage": "Case"})
_SHOWN_TO_ALL = frozenset(
    {
        *("User", "Group", "Name", "RecordType", "LiveChatButton", "LiveChatDeployment", "Skill"),
        *("Organization", "UserPermissionAccess", "Profile", "UserRole", "BusinessHours"),
    }
)
_WITHOUT_FIELD_SECURITY = frozenset({"Name", "Organization", "UserPermissionAccess"})
_BOOLEANS: Mapping[str | None, bool] = MappingProxyType({"true": True, "false": False})


def deploy_permission_set(org: SalesforceOrg, xml: str) -> None:
    """Leave the API user with what a permission set grants, and what everybody may see.

    Raises:
        ValueError: Salesforce refuses to deploy it.
    """
    root = ET.fromstring(xml)  # noqa: S314 - our own
    if root.tag != f"{_NAMESPACE}PermissionSet":
        msg = f"No PermissionSet: {root.tag}"
        raise ValueError(msg)
    objects: set[str] = set()
    fields: set[str] = set()
    for element in root:
        kind = element.tag.removeprefix(_NAMESPACE)
        values = {item.tag.removeprefix(_NAMESPACE): item.text for item in element}
        if values.keys() != _KEYS.get(kind, frozenset()) or (not values and kind not in _TEXTS):
            msg = f"Element {kind} invalid at this location"
            raise ValueError(msg)
        if kind == "objectPermissions":
            objects.add(_readable_object(org, values))
        elif kind == "fieldPermissions":
            fields.add(_readable_field(org, values))
    _leave(org, objects, fields)


def _readable_object(org: SalesforceOrg, values: Mapping[str, str | None]) -> str:
    name = str(values["object"])
    if org.sobject(name) is None or name in _FOLLOWS or name in _SHOWN_TO_ALL:
        msg = f"You can't set object permissions of {name}"
        raise ValueError(msg)
    if not _BOOLEANS[values["allowRead"]]:
        msg = f"Permission View All {name} depends on permission(s): Read {name}"
        raise ValueError(msg)
    return name


def _readable_field(org: SalesforceOrg, values: Mapping[str, str | None]) -> str:
    path = str(values["field"])
    sobject, _, name = path.partition(".")
    if name not in _securable(org, sobject):
        msg = f"You cannot deploy to a required field, or it does not exist: {path}"
        raise ValueError(msg)
    if not _BOOLEANS[values["readable"]] or _BOOLEANS[values["editable"]]:
        msg = f"Not a permission to read alone: {path}"
        raise ValueError(msg)
    return path


def _securable(org: SalesforceOrg, sobject: str) -> set[str]:
    definition = None if sobject in _WITHOUT_FIELD_SECURITY else org.sobject(sobject)
    fields = describe(definition, [], "")["fields"] if definition else []
    return {field["name"] for field in fields if field["permissionable"]}


def _leave(org: SalesforceOrg, objects: set[str], fields: set[str]) -> None:
    for definition in list(org.visible_objects().values()):
        name = definition.name
        securable = _securable(org, name)
        org.hide(name, *sorted(item for item in securable if f"{name}.{item}" not in fields))
        if name not in _SHOWN_TO_ALL and _FOLLOWS.get(name, name) not in objects:
            org.forbid(name)
