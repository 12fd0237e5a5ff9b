"""How long after the start of a chat something was said, as printed: `( 1m 5s )`.

Salesforce prints hours, minutes and seconds by their first letters; other spellings are those of
copies and exports. Days were never seen, but chats may stay open.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# Blanks, and the invisible marks that right-to-left copies put around numbers.
BLANKS: Final = (
    " \u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2065\u2066\u2067\u2068\u2069\ufeff"
)

# In these groups: days, hours, minutes, seconds.
OFFSET: Final = (
    r"\( {0,3}(?=\d)(?:(\d{1,4}) ?[dD] {0,3})?"
    r"(?:(\d{1,5}) ?[hH] {0,3})?(?:(\d{1,5}) ?[mM] {0,3})?(?:(\d{1,6}) ?[sS] {0,3})?\)"
)

_OFFSET: Final = re.compile(OFFSET)

_DAYS: Final = "d|days?|tage?n?|jours?|j|d[ií]as?|giorn[oi]|dag(?:en|ar)?|天|日|일"
_HOURS: Final = (
    "h|hrs?|hours?|std|stunden?|heures?|horas?|or[ae]|uur|timm(?:e|ar)|timer?|時間|小时|시간"
)
_MINUTES: Final = "m|mins?|minutes?|minut(?:en|er|os|[oi])|minutos?|分钟|分鐘|分|분"
_SECONDS: Final = (
    "s|secs?|seconds?|sek|sekund(?:en?|er)|secondes?|seg|segundos?|second[oi]|seconden?|秒|초"
)
_AND: Final = r"\.?,? {0,3}(?:(?:and|und|et|y|e|en|och|og) )?"
# The same groups; the two of a clock, such as `( 1:01:05 )`, come before the seconds' own.
_SPELLED: Final = (
    rf"\( {{0,3}}(?=\d)(?:(\d{{1,4}}) ?(?:{_DAYS}){_AND})?(?:(\d{{1,5}}) ?(?:{_HOURS}){_AND})?"
    rf"(?:(\d{{1,5}}) ?(?:{_MINUTES}){_AND})?(?:(\d{{1,6}}) ?(?:{_SECONDS})\.? {{0,3}})?\)"
)
_CLOCK: Final = r"\( {0,3}()(?:(\d{1,3}):)?(\d{1,2}):(\d\d) {0,3}\)"

SPELLED: Final = re.compile(_SPELLED, re.IGNORECASE)
CLOCK: Final = re.compile(_CLOCK)
# Where a flat text may hold other spellings: in words, or with the blank that only Salesforce sets.
HINT: Final = re.compile(
    r"\( {0,3}\d{1,6} ?(?:(?!\d)[^\W\d_]{2,9}|[日天分秒일분초])", re.IGNORECASE
)


@lru_cache(maxsize=8192)
def read_offset(text: str) -> int | None:
    """Return the seconds that an `OFFSET` makes, None for all else."""
    offset = _OFFSET.fullmatch(text)
    return seconds_of(*offset.groups()) if offset else None


def seconds_of(
    days: str | None, hours: str | None, minutes: str | None, seconds: str | None
) -> int:
    """Return the offset that the four printed numbers make."""
    total = int(seconds) if seconds else 0
    if minutes:
        total += 60 * int(minutes)
    if hours:
        total += 3600 * int(hours)
    return total + 86_400 * int(days) if days else total
