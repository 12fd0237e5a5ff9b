"""Forms and what was filled in: the `Form...` of Salesforce's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.parsers.messaging.choices import chosen_line, option_line
from target_creovai.parsers.messaging.lines import (
    TextLine,
    documented,
    joined,
    listed,
    marker,
    text_lines,
    unsupported,
)
from target_creovai.parsers.messaging.members import list_in, member, member_key, text_in, title_of
from target_creovai.parsers.messaging.values import value_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INPUTS = frozenset(
    {
        *("", "selectinput", "selectnavigationinput", "optionpickerinput"),
        *("datepickerinput", "datetimepickerinput", "textinput", "statictitle", "staticfooter"),
    }
)

_INPUT_VALUES = frozenset({"", "singleinputvalue", "selectedoptionsinputvalue"})


def form_lines(part: object, _: Mapping[str, str]) -> list[TextLine]:
    """Return the titles of a form, and its questions as a list."""
    intro = member(part, "introscreen")
    heads = [title_of(member(part, name)) for name in ("formtitle", "title", "message")]
    lines = text_lines(*heads, text_in(intro, "title"), text_in(intro, "text"))
    questions = list(listed(map(_question_line, questions_of(part))))
    form = member(part, "formattype")
    odd = member_key(form) not in {"", "inputs"}
    return [*lines, *questions, *[unsupported(documented(form), "FormMessage")] * odd]


def questions_of(part: object) -> Iterator[object]:
    """Yield the inputs of a form, in order."""
    for section in list_in(part, "sections"):
        yield from list_in(section, "inputs") or [member(section, "input") or section]


def _question_line(question: object) -> TextLine:
    kind = member_key(member(question, "inputtype"))
    label = title_of(member(question, "label")) or title_of(question)
    options = [option_line(option) for option in list_in(question, "optionitems")]
    odd = [] if kind in _INPUTS else [unsupported(documented(kind), "FormMessage")]
    return joined(", ", [*text_lines(label), *options, *odd])


def answers_lines(part: object, titles: Mapping[str, str]) -> list[TextLine]:
    """Return each answer with its question; of a result what is meant for the reader."""
    values = list_in(part, "inputvalues") or list_in(part, "inputs")
    lines = [
        *text_lines(title_of(member(part, "formtitle"))),
        *(joined(": ", [*_question(v, titles), _answer(v, titles)]) for v in values),
        *_result(member(part, "result")),
    ]
    form = member(part, "formattype")
    odd = member_key(form) not in {"", "inputs", "result"}
    return [*lines, *[unsupported(documented(form), "FormResponseMessage")] * odd]


def _question(value: object, titles: Mapping[str, str]) -> list[TextLine]:
    label = title_of(member(value, "inputlabel")) or title_of(member(value, "label"))
    return text_lines(label or titles.get(text_in(value, "inputid"), ""))


def _answer(value: object, titles: Mapping[str, str]) -> TextLine:
    """Return what was answered: as it was shown, else the value, else the options."""
    shown = text_in(value, "displayvalue") or text_in(value, "textvalue")
    inner = member(value, "value")
    if not shown and inner is not None:
        return value_line(inner)
    options = [chosen_line(option, titles) for option in list_in(value, "selectedoptions")]
    known = member_key(member(value, "inputvaluetype")) in _INPUT_VALUES
    answer = TextLine(shown) if shown else joined(", ", options)
    return answer if known or answer.text else unsupported("FormResponseMessage")


def _result(result: object) -> list[TextLine]:
    """Return what became of a form. Texts of errors are not for display (schema `FormError`)."""
    messages = [text_in(record, "resultmessage") for record in list_in(result, "records")]
    errors = [documented(member(error, "errortype")) for error in list_in(result, "errors")]
    failed = [marker("form error", name) for name in dict.fromkeys(errors)]
    lines = [*text_lines(*messages), *failed]
    return lines or [marker("form result")] * isinstance(result, dict)
