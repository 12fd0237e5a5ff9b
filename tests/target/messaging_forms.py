"""Messages of every form, as the public schema of Salesforce's Interaction Service has them.

Repository salesforce-misc/interaction-service-apis: `abstractMessage` and what it may hold. Every
builder fills in the members that only programs read with `HIDDEN`.
"""

from __future__ import annotations

from typing import Any

from tests.target.messaging_rows import message

HIDDEN = "internal margin 40%"
REFERENCES = [{"recordId": HIDDEN, "id": HIDDEN}]
IMAGE = {
    "assetType": "ImageAsset",
    "id": HIDDEN,
    "mimeType": "image/png",
    "assetUrl": f"https://{HIDDEN}.example",
    "description": HIDDEN,
}


def static(form: str | None, **content: Any) -> dict[str, Any]:
    """Return the payload of a message that asks for nothing."""
    return message(
        "StaticContentMessage",
        references=REFERENCES,
        customHandlingType=HIDDEN,
        staticContent={"formatType": form, **content},
    )


def titled(title: str, sub: str | None = None) -> dict[str, Any]:
    """Return a title."""
    return {"itemType": "TitleItem", "title": title, "subTitle": sub, "referenceId": HIDDEN}


def option(title: str, identifier: str = "", sub: str | None = None) -> dict[str, Any]:
    """Return something to choose."""
    title_item = titled(title, sub)
    return {"itemType": "TitleOptionItem", "titleItem": title_item, "optionIdentifier": identifier}


def link(title: str, url: str) -> dict[str, Any]:
    """Return a link with a title."""
    return {"itemType": "TitleLinkItem", "titleItem": titled(title), "url": url}


def slot(begins: str, identifier: str) -> dict[str, Any]:
    """Return a time to choose."""
    names = {"itemType": "TimeSlotOptionItem", "referenceId": HIDDEN, "duration": 3600}
    return names | {"startTime": begins, "optionIdentifier": identifier}


def calendar(*slots: dict[str, Any], **content: Any) -> dict[str, Any]:
    """Return the event of a time picker."""
    names = {"itemType": "CalendarEventOptionsItem", "identifier": HIDDEN, "imageId": HIDDEN}
    return names | {"timezoneOffset": 77, "timeSlotOptionItems": list(slots)} | content


def place(name: str) -> dict[str, Any]:
    """Return a location."""
    numbers = {"radius": 77.0, "latitude": 37.77, "longitude": -122.43}
    return {"itemType": "LocationItem", "name": name, "referenceId": HIDDEN, **numbers}


def choices(form: str | None, **content: Any) -> dict[str, Any]:
    """Return the payload of a message that offers a choice."""
    hidden = {"reply": titled(HIDDEN), "images": [IMAGE]}
    return message("ChoicesMessage", choices={"formatType": form, **hidden, **content})


def chosen(*options: dict[str, Any], **content: Any) -> dict[str, Any]:
    """Return the payload of an answer to such a message."""
    selections = {"formatType": "Selections", "selectedOptions": list(options)}
    return message("ChoicesResponseMessage", choicesResponse=selections, **content)


def question(kind: str, name: str, label: str | None, **content: Any) -> dict[str, Any]:
    """Return a section of a form with one input."""
    input_ = {"inputType": kind, "id": name, "hintText": HIDDEN, "required": True, **content}
    if label is not None:
        input_["label"] = titled(label)
    return {
        "sectionType": "SingleInputSection",
        "nextSectionInputId": HIDDEN,
        "submitForm": True,
        "input": input_,
    }


def form(*sections: dict[str, Any], title: str = "Return", **content: Any) -> dict[str, Any]:
    """Return the payload of a form to fill in."""
    inputs = {"formatType": "Inputs", "formTitle": titled(title), "sections": list(sections)}
    hidden = {"reply": titled(HIDDEN), "images": [IMAGE]}
    return message("FormMessage", form=hidden | inputs | content)


def value(kind: str, **content: Any) -> dict[str, Any]:
    """Return a value of a type."""
    return {"valueType": kind, **content}


def single(name: str, inner: Any, **content: Any) -> dict[str, Any]:
    """Return an answer that is one value."""
    return {"inputValueType": "SingleInputValue", "inputId": name, "value": inner, **content}


def selected(name: str, *options: dict[str, Any], **content: Any) -> dict[str, Any]:
    """Return an answer that is a choice of options."""
    names = {"inputValueType": "SelectedOptionsInputValue", "inputId": name, **content}
    return names | {"selectedOptions": list(options)}


def answered(*values: dict[str, Any], **content: Any) -> dict[str, Any]:
    """Return the payload of a form that was filled in."""
    inputs = {"formatType": "Inputs", "inputValues": list(values), **content}
    return message("FormResponseMessage", formResponse=inputs)


def result(kind: str, **content: Any) -> dict[str, Any]:
    """Return the payload that tells what became of a form."""
    outcome = {"formatType": "Result", "result": {"resultType": kind, **content}}
    return message("FormResponseMessage", formResponse=outcome)


def updated(name: str | None, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload that replaces a message by what another payload says."""
    new = payload["abstractMessage"] | ({"id": name} if name else {})
    return {"entryType": "MessageUpdated", "id": HIDDEN, "updatedMessage": new}
