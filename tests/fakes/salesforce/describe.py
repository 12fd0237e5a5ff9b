"""The documents of describe: the objects and their fields, as far as the API user may see them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.fakes.salesforce.fields import Field, SObject

_SOAP_TYPES: Mapping[str, str] = MappingProxyType({
    "address": "urn:address", "anyType": "xsd:anyType", "base64": "xsd:base64Binary",
    "boolean": "xsd:boolean", "currency": "xsd:double", "date": "xsd:date",
    "datetime": "xsd:dateTime", "double": "xsd:double", "id": "tns:ID", "int": "xsd:int",
    "junctionidlist": "urn:JunctionIdListNames", "location": "urn:location",
    "percent": "xsd:double", "reference": "tns:ID", "time": "xsd:time",
})  # fmt: skip
_DECIMAL = frozenset({"currency", "double", "percent"})
_INT_DIGITS = 9
_PRECISION, _SCALE = 18, 2
# Salesforce counts three bytes a character, for any text of any language.
_BYTES_PER_CHARACTER = 3
_KEPT_BY_SALESFORCE = frozenset({
    "Id", "IsDeleted", "CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate",
    "SystemModstamp", "LastViewedDate", "LastReferencedDate",
})  # fmt: skip

_CONSTANT: Mapping[str, Any] = MappingProxyType({
    "aiPredictionField": False, "calculatedFormula": None, "cascadeDelete": False,
    "compoundFieldName": None, "controllerName": None, "defaultValueFormula": None,
    "dependentPicklist": False, "deprecatedAndHidden": False,
    "displayLocationInDecimal": False, "externalId": False, "extraTypeInfo": None,
    "filteredLookupInfo": None, "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False, "inlineHelpText": None, "mask": None, "maskType": None,
    "queryByDistance": False, "referenceTargetField": None, "relationshipOrder": None,
    "restrictedDelete": False, "searchPrefilterable": False, "unique": False,
    "writeRequiresMasterRead": False,
})  # fmt: skip
_OBJECT_CONSTANT: Mapping[str, Any] = MappingProxyType({
    "activateable": False, "associateEntityType": None, "associateParentEntity": None,
    "createable": True, "custom": False, "customSetting": False, "deepCloneable": False,
    "deletable": True, "deprecatedAndHidden": False, "feedEnabled": False,
    "hasSubtypes": False, "isInterface": False, "isSubtype": False, "mergeable": False,
    "mruEnabled": True, "replicateable": True, "retrieveable": True, "searchable": True,
    "triggerable": True, "undeletable": True, "updateable": True,
})  # fmt: skip


def global_describe(objects: Iterable[SObject], base: str) -> dict[str, Any]:
    """The list of all objects, without their fields."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_summary(item, base) for item in objects],
    }


def describe(sobject: SObject, objects: Iterable[SObject], base: str) -> dict[str, Any]:
    """One object with its fields and the objects that point to it."""
    return _summary(sobject, base) | {
        "childRelationships": [
            {"childSObject": child.name, "field": field.name, "cascadeDelete": False}
            | {"deprecatedAndHidden": False, "relationshipName": None, "restrictedDelete": False}
            for child in objects
            for field in child.fields
            if sobject.name in field.reference_to
        ],
        "fields": [_field(item) for item in sobject.fields],
        "recordTypeInfos": [],
        "supportedScopes": [{"label": "All", "name": "everything"}],
    }


def _summary(sobject: SObject, base: str) -> dict[str, Any]:
    url = f"{base}/sobjects/{sobject.name}"
    return dict(_OBJECT_CONSTANT) | {
        "name": sobject.name,
        "label": sobject.name,
        "labelPlural": f"{sobject.name}s",
        "keyPrefix": sobject.prefix or None,
        "layoutable": sobject.queryable,
        "queryable": sobject.queryable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _field(field: Field) -> dict[str, Any]:
    return dict(_CONSTANT) | _identity(field) | _numbers(field) | _abilities(field)


def _identity(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        # The odd list of ids is told apart by its soapType only.
        "type": "reference" if field.type == "junctionidlist" else field.type,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "namePointing": field.polymorphic,
        "polymorphicForeignKey": field.polymorphic,
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": value, "validFor": None}
            | {"value": value}
            for value in field.values
        ],
        "restrictedPicklist": field.restricted,
        "defaultValue": False if field.type == "boolean" else None,
    }


def _numbers(field: Field) -> dict[str, Any]:
    decimal = field.type in _DECIMAL
    return {
        "length": field.length,
        "byteLength": field.length * (1 if field.length == 18 else _BYTES_PER_CHARACTER),
        "digits": _INT_DIGITS if field.type == "int" else 0,
        "precision": _PRECISION if decimal else 0,
        "scale": _SCALE if decimal else 0,
    }


def _abilities(field: Field) -> dict[str, Any]:
    derived = field.auto_number or field.through is not None
    editable = field.name not in _KEPT_BY_SALESFORCE and not derived
    return {
        "aggregatable": field.filterable and field.type != "boolean",
        "autoNumber": field.auto_number,
        "calculated": False,
        "caseSensitive": False,
        "createable": editable,
        "custom": field.custom,
        "defaultedOnCreate": field.default is not None or field.name in _KEPT_BY_SALESFORCE,
        "encrypted": field.type == "encryptedstring",
        "filterable": field.filterable,
        "groupable": field.filterable and field.type not in _DECIMAL | {"datetime"},
        "htmlFormatted": field.long_text and field.name.endswith("Richtext"),
        "idLookup": field.id_lookup or field.type == "id",
        "nameField": field.name_field,
        "nillable": field.nillable,
        "permissionable": editable and field.nillable,
        "sortable": field.sortable,
        "updateable": editable,
    }
