"""Lines with which clients name whom they quote, and what mail programs on the way make of them.

The wordings are those of Gmail, Apple Mail, Thunderbird and Open-Xchange in these languages; the
people and the date are made up.
"""

from __future__ import annotations

import re
import textwrap
from typing import Final

NAME: Final = "Example Support"
ADDRESS: Final = "support@example.com"
_A: Final = f"{NAME} <{ADDRESS}>"

ATTRIBUTIONS: Final = {
    "ar": f"في الثلاثاء، ٤ مارس ٢٠٢٥ في ٩:١٢ ص تمت كتابة ما يلي بواسطة {_A}:",
    "bg": f"На вт, 4.03.2025 г. в 9:12 {_A} написа:",
    "bn": f"মঙ্গল, ৪ মার্চ, ২০২৫ তারিখে ৯:১২ AM টায় তারিখে {_A} লিখেছেন:",
    "ca": f"Missatge de {_A} del dia dt., 4 de març 2025 a les 9:12:",
    "cs": f"út 4. 3. 2025 v 9:12 odesílatel {_A} napsal:",
    "da": f"Den tirs. 4. mar. 2025 kl. 09.12 skrev {_A}:",
    "de": f"Am Di., 4. März 2025 um 09:12 Uhr schrieb {_A}:",
    "de-apple": f"Am 04.03.2025 um 09:12 schrieb {_A}:",
    "de-name-first": f"{_A} schrieb am Di., 4. März 2025 um 09:12 Uhr:",
    "de-open-xchange": f"{_A} hat am 04.03.2025 09:12 CET geschrieben:",
    "el": f"Στις Τρί 4 Μαρ 2025 στις 9:12 π.μ., ο/η {_A} έγραψε:",
    "en": f"On Tue, Mar 4, 2025 at 9:12 AM {_A} wrote:",
    "en-apple": f"On 4 Mar 2025, at 09:12, {_A} wrote:",
    "en-gb": f"On Tue, 4 Mar 2025 at 09:12, {_A} wrote:",
    "en-thunderbird": f"On 04/03/2025 09:12, {NAME} wrote:",
    "es": f"El mar, 4 mar 2025 a las 9:12, {NAME} (<{ADDRESS}>) escribió:",
    "et": f"Kasutaja {NAME} (<{ADDRESS}>) kirjutas kuupäeval T, 4. märts 2025 kell 09:12:",
    "fa": f"در تاریخ سه‌شنبه ۴ مارس ۲۰۲۵، ۹:۱۲ {_A} نوشت:",
    "fi": f"ti 4. maalisk. 2025 klo 9.12 {_A} kirjoitti:",
    "fr": f"Le mar. 4 mars 2025 à 09:12, {_A} a écrit :",
    "he": f"\u202bבתאריך יום ג׳, 4 במרץ 2025 ב-9:12 מאת \u202a{NAME}\u202c <{ADDRESS}>:\u202c",
    "hi": f"मंगल, 4 मार्च 2025 को 9:12 am बजे को {_A} ने लिखा:",
    "hr": f"uto, 4. ožu 2025. u 09:12 {_A} napisao je:",
    "hu": f"{_A} ezt írta (időpont: 2025. márc. 4., K, 9:12):",
    "id": f"Pada tanggal Sel, 4 Mar 2025 pukul 09.12 {_A} menulis:",
    "is": f"þri., 4. mar. 2025 kl. 09:12 skrifaði {_A}:",
    "it": f"Il giorno mar 4 mar 2025 alle ore 09:12 {_A} ha scritto:",
    "ja": f"2025年3月4日(火) 9:12 {_A}:",
    "ko": f"2025년 3월 4일 (화) 오전 9:12, {_A}님이 작성:",
    "lt": f"2025-03-04, an, 09:12 {_A} rašė:",
    "lv": f"otrd., 2025. g. 4. marts, plkst. 09:12 — lietotājs {NAME} (<{ADDRESS}>) rakstīja:",
    "nl": f"Op di 4 mrt 2025 om 09:12 schreef {_A}:",
    "nl-apple": f"Op 4 mrt 2025 om 09:12 heeft {_A} het volgende geschreven:",
    "no": f"tir. 4. mar. 2025 kl. 09:12 skrev {_A}:",
    "pl": f"wt., 4 mar 2025 o 09:12 {_A} napisał(a):",
    "pt": f"Em ter., 4 de mar. de 2025 às 09:12, {_A} escreveu:",
    "ro": f"mar., 4 mar. 2025 la 09:12, {_A} a scris:",
    "ru": f"вт, 4 мар. 2025 г. в 09:12, {_A}:",
    "sk": f"ut 4. 3. 2025 o 9:12 {_A} napísal(a):",
    "sl": f"V V tor., 4. mar. 2025 ob 09:12 je oseba {_A} napisala:",
    "sr": f"уто, 4. мар 2025. у 09:12 {_A} је написао/ла:",
    "sv": f"Den tis 4 mars 2025 kl 09:12 skrev {_A}:",
    "sw": f"Mnamo Jumanne, 4 Machi 2025, 9:12 AM {_A} aliandika:",
    "th": f"ในวันที่ อ. 4 มี.ค. 2568 เวลา 09:12 {_A} เขียนว่า:",
    "tr": f"{_A}, 4 Mar 2025 Sal, 09:12 tarihinde şunu yazdı:",
    "uk": f"вт, 4 бер. 2025 р. о 09:12 {_A} пише:",
    "vi": f"Vào Th 3, 4 thg 3, 2025 vào lúc 09:12 {_A} đã viết:",
    "zh": f"{_A} 于2025年3月4日周二 09:12写道：",
    "zh-tw": f"{_A} 於 2025年3月4日 週二 上午9:12寫道：",
}
# Those that name the date before the person, and the address in angle brackets.
DATE_FIRST: Final = sorted(
    language
    for language, attribution in ATTRIBUTIONS.items()
    if _A in attribution and not any(map(str.isdigit, attribution.split(_A)[1]))
)
_YEAR: Final = re.compile(r"[ ,.-]*(?:2025|2568|٢٠٢٥|۲۰۲۵|২০২৫)(?:[年년]| г\.| р\.)?")


def wrapped(attribution: str) -> set[str]:
    """Return the attribution as programs wrap it, whose lines are 60 to 80 characters long."""
    widths = range(60, 81)
    return {
        textwrap.fill(attribution, width, break_long_words=False, break_on_hyphens=False)
        for width in widths
    } | {attribution.replace("<", "<\n")}


def broken(attribution: str) -> set[str]:
    """Return the attribution as programs break it that make paragraphs of its parts."""
    before, after = attribution.split(_A)
    date, verb = before.rstrip(" ,"), after.lstrip()
    return {
        f"{date}\n\n{_A}{after}",
        f"{before}{NAME}\n\n<{ADDRESS}>{after}",
        f"{before}{NAME}\n\n<\nmailto:{_A}\n>{after}",
        f"{before}{NAME} <\n\n{ADDRESS}>{after}",
        f"{date}\n\n{NAME}\n\n<{ADDRESS}>{after}",
        *([f"{before}{_A}\n\n{verb}"] if verb != ":" else []),
    }


def without_year(attribution: str) -> str:
    """Return the attribution with a date as help desks print it."""
    return _YEAR.sub("", attribution)
