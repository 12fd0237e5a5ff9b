"""What people write stays, all of it, where nobody quotes anybody."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_creovai.parsers.mail import read_mail
from tests.accuracy.scores import tokens

# Own lines that look like what clients and gateways put into mails.
LOOKALIKES = (
    "On Monday I wrote:",
    "I wrote you on 4 March 2025 at 9:12:",
    "On 4 March 2025 at 9:12 I wrote to you:",
    "As you wrote on 3/4/2025, the machine is under warranty.",
    "The console wrote:",
    "Am 4. März 2025 um 9:12 Uhr schrieb ich Ihnen:",
    "Le 4 mars j'ai écrit :",
    "On your remote host you can run:",
    "I got it on 4 March 2025 at 9:12 from Support <support@example.com>.",
    "Support <support@example.com> told me on 4 March 2025 at 9:12 to wait.",
    "From: my point of view it is broken.",
    "To: be honest, I am angry.",
    "Subject: see above",
    "Date: 4 March 2025",
    "Von: mir aus gern.",
    "An: der Kasse war niemand.",
    "Bought: 3 March 2024 10:15",
    "Email: greta@example.org",
    "> 80 percent",
    ">= 3",
    "-> there",
    "---",
    "_____",
    "CAUTION: hot surface, says the label.",
    "WARNING: the light is red.",
    "The parcel originated outside of the EU.",
    "Do not click is what I read.",
    "The original message is gone.",
    "Begin forwarded message is what I clicked.",
    "Reply above the line? Which line?",
    "Sent from Leeds on Monday.",
    "Gesendet von Hamburg.",
    "PS: call after six.",
    "Fwd: see",
)


@cache
def small_talk() -> list[str]:
    """Return what people said to each other in a public set of chats."""
    conversations = json.loads((files("chitchat_dataset") / "dataset.json").read_text("utf-8"))
    return [
        said["text"].strip()
        for conversation in conversations.values()
        for turn in conversation["messages"]
        for said in turn
        if said["text"].strip()
    ]


def own_words_lost(mail: str) -> list[str]:
    """Return the words of a mail that don't come out, as far as they come out in order."""
    kept = iter(tokens(read_mail(mail, None, strip_quoted=True, subject="Re: device").text))
    return [word for word in tokens(mail) if word not in kept]


@settings(derandomize=True, max_examples=200)
@given(st.integers(0, 2**32).map(Random))
def test_small_talk_stays(random: Random) -> None:
    """Thousands of sentences that nobody wrote with a parser in mind."""
    lines = [random.choice(small_talk()) if random.random() < 0.8 else "" for _ in range(10)]

    assert own_words_lost("\n".join(lines)) == []


@pytest.mark.parametrize("line", LOOKALIKES)
def test_lookalikes_stay(line: str) -> None:
    """Above, between and below other lines, with and without empty lines around."""
    random = Random(line)  # noqa: S311 -- made-up data
    for _ in range(5):
        one, two = random.sample(small_talk(), 2)
        for mail in (
            f"{line}\n{one}\n{two}",
            f"{one}\n{line}\n{two}",
            f"{one}\n\n{line}\n\n{two}",
            f"{one}\n{two}\n\n{line}",
        ):
            assert own_words_lost(mail) == [], mail
