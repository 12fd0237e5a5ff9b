"""The signs by which a line is an attribution: a verb, a date, a time of day and an address.

Above quoted lines two of them will do, without quoted lines it takes more: people write such
sentences too.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Final

from target_creovai.parsers.mail.phrases.languages import ATTRIBUTIONS
from target_creovai.parsers.mail.phrases.signs import (
    ADDRESS,
    BRACKETED_ADDRESS,
    DATE,
    DAY,
    DRESSING,
    TIME,
    any_of,
    in_ascii_digits,
)

# No client writes a longer one.
MAX_ATTRIBUTION_CHARS: Final = 600
# Clients wrap an attribution at 72 to 80 characters.
MAX_ATTRIBUTION_LINES: Final = 4
# "Fjord Helpdesk wrote:" names somebody; "The console wrote:" doesn't.
MAX_NAME_WORDS: Final = 5
# People write to and of people; mail programs name them.
_IN_PERSON: Final = frozenset((
    "you", "your", "we", "my", "our", "sie", "ihnen", "ihr", "ihre", "ich", "wir", "mir",
    "mich", "uns", "vous", "votre", "nous", "usted", "ustedes", "você", "vocês", "jij", "wij",
    "jag", "вы", "вам", "мне", "мы",
))  # fmt: skip
_NO_NAMES: Final = frozenset((
    "the", "this", "that", "a", "an", "it", "he", "she", "they", "der", "die", "das", "er", "sie",
    "es", "le", "la", "les", "il", "elle", "el", "los", "lo", "o", "os", "de", "het", "den", "det",
))  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+")


def pattern_of(column: int) -> str:
    """Return a pattern of the words in one column of `ATTRIBUTIONS`, of all languages."""
    return any_of({word for row in ATTRIBUTIONS.values() for word in row[column].split("|")} - {""})


# Folded once and looked for as they are: much quicker than a pattern that ignores case.
VERBS: Final = tuple(sorted(
    {word.casefold() for row in ATTRIBUTIONS.values() for word in row.verbs.split("|")}
))  # fmt: skip
OPENING: Final = re.compile(rf"(?:{pattern_of(0)})(?!\w).{{0,40}}\d", re.IGNORECASE)
# Openings as they stand at the beginning of a sentence.
CAPITALIZED: Final = any_of(
    {word[:1].upper() + word[1:] for row in ATTRIBUTIONS.values() for word in row[0].split("|")}
    - {""}
)


class Signs:
    """What of an attribution a text holds; looked for when it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = in_ascii_digits(text)

    @cached_property
    def verb(self) -> bool:
        """Whether it has a verb such as "wrote"."""
        return any(map(self._text.casefold().__contains__, VERBS))

    @cached_property
    def date(self) -> bool:
        """Whether it has a date."""
        return DATE.search(self._plain) is not None

    @cached_property
    def day(self) -> bool:
        """Whether it has the name of a day or month."""
        return DAY.search(self._plain) is not None

    @cached_property
    def time(self) -> bool:
        """Whether it has a time of day."""
        return TIME.search(self._plain) is not None

    @cached_property
    def address(self) -> bool:
        """Whether it has a mail address."""
        return "@" in self._text and ADDRESS.search(self._text) is not None

    @cached_property
    def bracketed(self) -> bool:
        """Whether it has a mail address in angle brackets."""
        return "@" in self._text and BRACKETED_ADDRESS.search(self._text) is not None

    @cached_property
    def in_person(self) -> bool:
        """Whether it addresses somebody, or is in the first person."""
        return _speaks_in_person(self._text)

    @cached_property
    def is_full(self) -> bool:
        """Whether only a mail program writes so."""
        if self.bracketed:
            return (self.date and (self.time or self.verb)) or (
                self.time and (self.day or self.verb)
            )
        if not (self.time and self.verb) or self.in_person:
            return False
        return self.date or self.address

    @cached_property
    def is_enough(self) -> bool:
        """Whether it names whoever is quoted below."""
        if self.bracketed or (self.date and self.time):
            return True
        if not self.verb:
            return False
        if self.date or self.time or self.address or is_name_and_verb(self._text):
            return True
        return self.day and not self.in_person


# Each mail of a thread repeats the attributions of those before it.
signs_of: Final = lru_cache(maxsize=1024)(Signs)


def _speaks_in_person(text: str) -> bool:
    words = _WORD.findall(text)
    return "I" in words or not _IN_PERSON.isdisjoint(map(str.casefold, words))


def is_name_and_verb(text: str) -> bool:
    """Tell whether a text is a name and a verb: "Fjord Helpdesk wrote:"."""
    bare = text.rstrip(" :\uff1a")
    verb = next((verb for verb in VERBS if bare.casefold().endswith(verb)), "")
    name = bare[: len(bare) - len(verb)].split() if verb else []
    return (
        0 < len(name) <= MAX_NAME_WORDS
        and all(word[0].isalpha() and not word[0].islower() for word in name)
        and name[0].casefold() not in _NO_NAMES
        and not _speaks_in_person(text)
    )


def opens(line: str) -> bool:
    """Tell whether a line begins as attributions do: "On 5 March"."""
    bare = line.lstrip(DRESSING)
    return not bare[:1].islower() and OPENING.match(bare) is not None
