"""Every form of message becomes plain text, and nothing that only programs read is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from target_creovai.parsers.messaging import MessageText, display_names, read_message
from tests.target.messaging_forms import (
    HIDDEN,
    IMAGE,
    answered,
    calendar,
    choices,
    chosen,
    form,
    link,
    option,
    place,
    question,
    result,
    selected,
    single,
    slot,
    static,
    titled,
    value,
)
from tests.target.messaging_rows import message, says

SIZES = [option("Small", "o-1"), option("Large", "o-2", "fits most")]
TITLES = {"o-1": "Small", "q-1": "Order number", "t-2": "2026-05-08T12:00:00Z"}
VIDEO = IMAGE | {"assetType": "VideoAsset"}
INTERNAL = {"valueType": "ExperienceTypeValue", "type": HIDDEN, "property": HIDDEN, "value": HIDDEN}
PARAMETER = {"name": HIDDEN, "value": value("TextValue", textValue=HIDDEN)}
CITATION = {"citedReference": {"citedReferenceType": "Link", "label": HIDDEN, "recordId": HIDDEN}}
DEFINITION = {"messageDefinitionNameOrId": HIDDEN, "parameters": [PARAMETER]}
APPLICATION = {
    "applicationType": "ExternalApplication",
    "name": "Seat map",
    "identifier": HIDDEN,
    "developerId": HIDDEN,
    "bundle": HIDDEN,
    "arguments": [PARAMETER],
    "reply": titled(HIDDEN),
}

STATIC = [
    pytest.param(says("Where is it?\nI wait."), "Where is it?\nI wait.", id="text"),
    pytest.param(
        static("Text", text="Within 30 days.", citationContent={"citations": [CITATION]}),
        "Within 30 days.",
        id="text-with-citations",
    ),
    pytest.param(
        static("Text", text="if <b> & </b> then"), "if <b> & </b> then", id="typed-brackets"
    ),
    pytest.param(
        static("RichText", text="<p>Hi <b>Ann</b> &amp; all,</p><ul><li>one</li><li>two</li></ul>"),
        "Hi Ann & all,\n\n  \u2022 one\n  \u2022 two",
        id="rich-text",
    ),
    pytest.param(
        static("RichText", text='<a href="https://a.example/x">Our page</a>'),
        "Our page (https://a.example/x)",
        id="rich-text-link",
    ),
    pytest.param(static("RichText", text="5 < 7\nyes"), "5 < 7\nyes", id="rich-text-without-tags"),
    pytest.param(
        static(
            "Attachments",
            text="see here",
            attachments=[
                {
                    "id": HIDDEN,
                    "name": "receipt.pdf",
                    "mimeType": HIDDEN,
                    "url": HIDDEN,
                    "attachmentUploadResult": {
                        "resultType": "ErrorAttachmentUploadResult",
                        "errorMessage": HIDDEN,
                    },
                },
                {"id": HIDDEN, "name": None},
            ],
        ),
        "see here\n[attachment: receipt.pdf]\n[attachment]",
        id="attachments",
    ),
    pytest.param(
        static("Media", mediaAsset=IMAGE | {"description": "A lamp"}, linkItems=[link("Buy", "u")]),
        "[attachment: A lamp]\nBuy\nu",
        id="media",
    ),
    pytest.param(
        static("Links", links=[{"url": "https://a.example/1"}, {"url": "https://a.example/2"}]),
        "https://a.example/1\nhttps://a.example/2",
        id="links",
    ),
    pytest.param(
        static(
            "RichLink",
            text="Look:",
            linkItem=link("Our opening hours", "https://shop.example/hours"),
            image=IMAGE,
            video=VIDEO,
        ),
        "Look:\nOur opening hours\nhttps://shop.example/hours",
        id="rich-link",
    ),
    pytest.param(
        static("WebView", title=titled("Pay"), url="https://pay.example/7", parameters=[PARAMETER]),
        "Pay\nhttps://pay.example/7",
        id="web-view",
    ),
    pytest.param(
        static("ExperienceType", message="Two flights. Which one?", values=[INTERNAL]),
        "Two flights. Which one?",
        id="experience-type",
    ),
    pytest.param(
        static("Application", application=APPLICATION | {"message": titled("Pick a seat", "row")}),
        "Pick a seat, row",
        id="application",
    ),
    pytest.param(
        static("Application", application=APPLICATION),
        "[application: Seat map]",
        id="application-without-words",
    ),
    # Seen in public code that reads WhatsApp channels; the schema does not have it.
    pytest.param(
        static("ExternalTemplate", externalTemplate={"name": "order_shipped", "language": HIDDEN}),
        "[template: order_shipped]",
        id="external-template",
    ),
]
CHOICES = [
    pytest.param(
        choices("Buttons", text="Which size?", optionItems=SIZES),
        "Which size?\n- Small\n- Large, fits most",
        id="buttons",
    ),
    pytest.param(
        choices("QuickReplies", text="Which size?", optionItems=SIZES[:1]),
        "Which size?\n- Small",
        id="quick-replies",
    ),
    pytest.param(
        choices("ListPicker", title="Sizes", message=titled("Which?"), optionItems=SIZES[:1]),
        "Sizes\nWhich?\n- Small",
        id="list-picker",
    ),
    pytest.param(
        choices(
            "Carousel",
            title="Shoes and more",
            items=[
                {"titleItem": titled("Boots", "brown"), "interactionItems": [option("Buy")]},
                {"titleItem": titled("Shoes"), "interactionItems": [link("Look", "https://s.ex")]},
            ],
        ),
        "Shoes and more\n- Boots, brown, Buy\n- Shoes, Look, https://s.ex",
        id="carousel",
    ),
    pytest.param(
        choices(
            "TimePicker",
            message=titled("Choose"),
            calendarEvent=calendar(
                slot("2026-05-07T09:00:00Z", "t-1"),
                slot("2026-05-08T12:00:00Z", "t-2"),
                title="Visit",
                location=place("Shop in Basel"),
            ),
        ),
        "Choose\nVisit\nShop in Basel\n- 2026-05-07T09:00:00Z\n- 2026-05-08T12:00:00Z",
        id="time-picker",
    ),
    pytest.param(
        choices(
            "MessageDefinition",
            **DEFINITION,
            options=[
                {"value": value("TextValue", textValue="Track it"), "optionIdentifier": HIDDEN},
                {"value": value("DateValue", dateValue="2026-05-08"), "optionIdentifier": HIDDEN},
            ],
        ),
        "- Track it\n- 2026-05-08",
        id="message-definition-with-options",
    ),
    pytest.param(
        chosen({"optionTitle": titled("Large"), "optionIdentifier": HIDDEN}), "Large", id="chosen"
    ),
    pytest.param(chosen({"optionIdentifier": "o-1"}), "Small", id="chosen-by-identifier"),
    pytest.param(chosen({"optionIdentifier": "t-2"}), "2026-05-08T12:00:00Z", id="chosen-slot"),
    pytest.param(
        chosen({"optionIdentifier": "o-1"}, {"optionTitle": titled("Large")}),
        "Small\nLarge",
        id="several-chosen",
    ),
]
INTRO = {
    "screenType": "FormSplashScreen",
    "title": "Before we begin",
    "text": "Have your order at hand.",
    "buttonLabel": HIDDEN,
    "imageId": HIDDEN,
}
EVERY_INPUT = form(
    question("StaticTitle", HIDDEN, None, titleItem=titled("About you")),
    question(
        "TextInput", "q-1", "Order number", prefixText=HIDDEN, placeholder=HIDDEN, regEx=HIDDEN
    ),
    question("SelectInput", "q-2", "Size", optionItems=SIZES),
    question("OptionPickerInput", "q-3", "Colour", optionItems=[option("Red", "c-1")]),
    question(
        "SelectNavigationInput",
        "q-4",
        "Why",
        optionItems=[{"nextInputId": HIDDEN, "optionItem": option("Broken", "w-1")}],
    ),
    question("DatePickerInput", "q-5", "Bought on", startDate=HIDDEN, dateFormat=HIDDEN),
    question("DateTimePickerInput", "q-6", "Call me at", startDateTime=HIDDEN),
    question("TextInput", "q-7", None),
    question("StaticFooter", HIDDEN, None, buttonLabel=HIDDEN),
    message=titled("Please fill in"),
    introScreen=INTRO,
)
FORMS = [
    pytest.param(
        EVERY_INPUT,
        "Return\nPlease fill in\nBefore we begin\nHave your order at hand.\n- About you\n"
        "- Order number\n- Size, Small, Large, fits most\n- Colour, Red\n- Why, Broken\n"
        "- Bought on\n- Call me at",
        id="form-with-every-input",
    ),
    pytest.param(form(question("TextInput", "q-1", "A"), message=titled("Return")), "Return\n- A"),
    pytest.param(
        answered(
            single("q-1", value("TextValue", textValue="A-77")),
            single(
                "q-8",
                value("DateValue", dateValue="2024-05-06"),
                inputlabel=titled("Bought on"),
                displayValue="6 May",
            ),
            selected(
                "q-9",
                {"optionIdentifier": "o-1"},
                {"optionTitle": titled("Large"), "optionIdentifier": HIDDEN},
                inputLabel=titled("Size"),
            ),
            single("q-9", value("IntegerValue", integerValue=3)),
            formTitle=titled("Return"),
        ),
        "Return\nOrder number: A-77\nBought on: 6 May\nSize: Small, Large\n3",
        id="form-response",
    ),
    pytest.param(
        result(
            "FormRecordsResult",
            records=[
                {"recordReferenceId": HIDDEN, "isCreated": True, "resultMessage": "Case opened"},
                {"recordReferenceId": HIDDEN, "isCreated": True},
            ],
        ),
        "Case opened",
        id="form-result",
    ),
    pytest.param(
        result("FormRecordsResult", records=[{"recordReferenceId": HIDDEN, "isCreated": True}]),
        "[form result]",
        id="form-result-without-words",
    ),
    # Not for display, says the schema of the message; its type is an enumeration.
    pytest.param(
        result(
            "FormErrorResult",
            errors=[
                {"errorMessage": HIDDEN, "errorCode": HIDDEN, "errorType": "FormRequestExpired"}
            ],
        ),
        "[form error: FormRequestExpired]",
        id="form-error",
    ),
]
VALUES = [
    (value("TextValue", textValue=" in words "), "in words"),
    (value("BooleanValue", booleanValue=True), "true"),
    (value("BooleanValue", booleanValue=False), "false"),
    (value("IntegerValue", integerValue=0), "0"),
    (value("DoubleValue", doubleValue=2.5), "2.5"),
    (value("DoubleValue", doubleValue=3.0), "3"),
    (value("UrlValue", urlValue="https://a.example"), "https://a.example"),
    (value("DateValue", dateValue="2024-05-06"), "2024-05-06"),
    (value("DateTimeValue", dateTimeValue="2024-05-06T09:00:00Z"), "2024-05-06T09:00:00Z"),
    (value("LocationValue", location=place("Pier 3")), "Pier 3"),
    (value("ImageReferenceValue", imageReferenceId=HIDDEN), "[attachment]"),
    (value("AssetReferenceValue", assetReferenceId=HIDDEN), "[attachment]"),
    (
        value("ListValue", items=[value("TextValue", textValue=word) for word in ("a", "b")]),
        "a, b",
    ),
    (
        value(
            "CompositeValue",
            items=[
                {"name": HIDDEN, "value": value("TextValue", textValue="Main Street")},
                {"name": HIDDEN, "value": value("IntegerValue", integerValue=5)},
            ],
        ),
        "Main Street, 5",
    ),
    # Not the schema's: other interfaces leave the type out, or the object.
    ({"textValue": "bare"}, "bare"),
    ("plain", "plain"),
    (7, "7"),
]
GOLDEN = [*STATIC, *CHOICES, *FORMS]


@pytest.mark.parametrize(("payload", "text"), GOLDEN)
def test_a_message_becomes_plain_text(payload: dict[str, Any], text: str) -> None:
    """Words first, then what can be chosen, linked or opened, line by line."""
    assert read_message(payload, None, TITLES) == MessageText(text, known=True)


@pytest.mark.parametrize(("payload", "text"), GOLDEN)
def test_names_are_spelled_in_many_ways(payload: dict[str, Any], text: str) -> None:
    """An object or its JSON, quoted once more or not; neither case nor underscores count."""
    kinds = {"formatType", "messageType", "inputType", "valueType", "inputValueType"}

    def shouted(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {
                f"_{key.upper()}": str(held).upper() if key in kinds else shouted(held)
                for key, held in inner.items()
            }
        return [shouted(item) for item in inner] if isinstance(inner, list) else inner

    for spelled in (json.dumps(payload), json.dumps(json.dumps(payload)), shouted(payload)):
        assert read_message(spelled, None, TITLES).text == text


@pytest.mark.parametrize(("inner", "text"), VALUES)
def test_an_answer_is_its_value(inner: Any, text: str) -> None:
    """A location is its name, a list is its items; a false or a zero is an answer, too."""
    assert read_message(answered(single("q-1", inner)), None, TITLES) == MessageText(
        f"Order number: {text}", known=True
    )


def test_names_come_from_whoever_joined() -> None:
    """The entry that says so is the only place where display names are."""

    def joined(subject: object, name: object) -> dict[str, Any]:
        participant = {"role": "Agent", "subject": subject}
        return {"operation": "add", "participant": participant, "displayName": name}

    payload = {
        "entries": [joined("005A", "Max"), joined("005A", "M."), joined(7, "X"), joined("b", " ")]
    }

    assert display_names([payload, None, "no JSON"]) == {"005A": "Max"}


# What other interfaces make of it


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        pytest.param(
            message(
                "FormMessage",
                form={
                    "title": "Return",
                    "sections": [{"inputs": [{"inputId": "q-1", "label": "Order number"}]}],
                },
            ),
            "Return\n- Order number",
            id="several-inputs-in-a-section",
        ),
        pytest.param(
            message(
                "FormResponseMessage",
                formResponse={"inputs": [{"label": "Postcode", "textValue": "10115"}]},
            ),
            "Postcode: 10115",
            id="answers-with-labels",
        ),
        pytest.param(
            choices(None, title=titled("When?"), optionItems=[{"title": "Monday", "text": "9:00"}]),
            "When?\n- Monday, 9:00",
            id="no-format",
        ),
        pytest.param(
            {"staticContent": {"formatType": "Text", "text": "no type"}}, "no type", id="no-type"
        ),
        pytest.param({"text": "bare"}, "bare", id="bare"),
    ],
)
def test_less_than_the_schema_asks_for_will_do(payload: dict[str, Any], text: str) -> None:
    """Salesforce's interfaces don't all write what the schema calls required."""
    assert read_message(payload, None, {}) == MessageText(text, known=True)


# What is not known


@pytest.mark.parametrize("payload", [None, {}, "", "no JSON", "[1]", "5", [], 7])
def test_where_there_is_no_payload_salesforces_text_is_taken(payload: object) -> None:
    """One of the interfaces gives nothing else."""
    assert read_message(payload, " hello ", {}) == MessageText("hello", known=True)


def test_salesforces_text_stands_before_a_file() -> None:
    """A marker is no word: what Salesforce made of a template or a file is."""
    template = static("ExternalTemplate", externalTemplate={"name": "shipped"})

    assert read_message(template, "It is on its way", {}) == MessageText(
        "It is on its way\n[template: shipped]", known=True
    )
    assert read_message(static("Flow", flow=HIDDEN), "as text", {}) == MessageText(
        "as text", known=False
    )


POLL = {"title": HIDDEN, "stars": [{"label": HIDDEN}], "text": HIDDEN}


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (static("Media", asset={"id": "1"}), "Media"),
        (static("MEDIA"), "Media"),
        (static("ExperienceType", values=[INTERNAL]), "ExperienceType"),
        (static("ExperienceType", message=None, values=[INTERNAL]), "ExperienceType"),
        (static("Flow", flowName=HIDDEN, values=[INTERNAL]), "Flow"),
        (static("Secret words of a customer"), "StaticContentMessage"),
        (choices("MessageDefinition", **DEFINITION), "MessageDefinition"),
        (choices("Wheel", spokes=[POLL]), "ChoicesMessage"),
        (
            message("FormMessage", form={"formatType": "MessageDefinition", **DEFINITION}),
            "MessageDefinition",
        ),
        (chosen(), "Selections"),
        (message("PollMessage", poll=POLL), "message"),
        (message("Secret words of a customer"), "message"),
        ({"abstractMessage": 7}, "message"),
        (None, "message"),
    ],
)
def test_a_form_that_is_not_known_is_a_marker(payload: object, name: str) -> None:
    """With a name that Salesforce documents, or none: anything else may be someone's words."""
    assert read_message(payload, None, {}) == MessageText(f"[unsupported: {name}]", known=False)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        pytest.param(
            chosen({"optionIdentifier": "never offered"}), "never offered", id="unknown-option"
        ),
        pytest.param(
            answered(selected("q-1", {"optionIdentifier": "zz"}, {"optionIdentifier": "o-1"})),
            "Order number: zz, Small",
            id="unknown-option-of-a-form",
        ),
        pytest.param(
            answered(single("q-1", INTERNAL), single("q-9", value("TextValue", textValue="x"))),
            "Order number: [unsupported: ExperienceTypeValue]\nx",
            id="internal-answer",
        ),
        pytest.param(
            answered(single("q-1", value("StructuredValue", value={"note": HIDDEN}))),
            "Order number: [unsupported: StructuredValue]",
            id="structured-answer",
        ),
        pytest.param(
            answered(single("q-1", value("ReferenceValue", referenceId=HIDDEN))),
            "Order number: [unsupported: ReferenceValue]",
            id="reference",
        ),
        pytest.param(
            answered(single("q-1", value("PolygonValue", polygonValue=HIDDEN))),
            "Order number: [unsupported: message]",
            id="unknown-value",
        ),
        pytest.param(
            answered({"inputValueType": "DrawnValue", "inputId": "q-1", "drawing": HIDDEN}),
            "Order number: [unsupported: FormResponseMessage]",
            id="unknown-kind-of-answer",
        ),
        pytest.param(
            form(question("SignatureInput", "q-1", "Sign here", canvas=HIDDEN)),
            "Return\n- Sign here, [unsupported: FormMessage]",
            id="unknown-input",
        ),
        pytest.param(
            static("Poll", text="How was it?", stars=[POLL]),
            "How was it?\n[unsupported: StaticContentMessage]",
            id="unknown-format-with-a-text",
        ),
        pytest.param(
            choices("Wheel", title="Spin", optionItems=SIZES[:1], spokes=[POLL]),
            "Spin\n- Small\n[unsupported: ChoicesMessage]",
            id="unknown-format-with-options",
        ),
        pytest.param(
            choices("MessageDefinition", options=[{"value": INTERNAL}]),
            "- [unsupported: ExperienceTypeValue]",
            id="internal-option",
        ),
    ],
)
def test_what_is_not_known_of_a_message_is_counted(payload: dict[str, Any], text: str) -> None:
    """What is known of it is said all the same."""
    assert read_message(payload, None, TITLES) == MessageText(text, known=False)


@pytest.mark.parametrize("form_of_text", ["Text", "RichText"])
def test_a_blank_text_says_nothing(form_of_text: str) -> None:
    """There is nothing that would be missed."""
    assert read_message(static(form_of_text, text=" \n "), None, {}) == MessageText("", known=True)
