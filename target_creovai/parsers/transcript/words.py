"""The words that Salesforce prints around a chat, by language.

Structure decides first (`lines`); words help where structure is silent: copies without
markup, exports without line breaks, speakers that are named by their role. English and Spanish
header words were seen in real transcripts. The other languages are translations, so a missing or
wrong one costs nothing but that help: add a word here, and nowhere else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STARTED: Final = (
    "chat started",
    "ha comenzado el chat",
    "chat iniciado",
    "chat gestartet",
    "chat commencé",
    "chat démarré",
    "chat avviata",
    "chat iniziata",
    "chat gestart",
    "chat begonnen",
)
ORIGIN: Final = (
    "chat origin",
    "origen de chat",
    "origen del chat",
    "origem do chat",
    "chat-ursprung",
    "chatursprung",
    "origine du chat",
    "origine della chat",
    "chatoorsprong",
    "herkomst van chat",
)
AGENT: Final = (
    "agent",
    "agente",
    "agentin",
    "mitarbeiter",
    "mitarbeiterin",
    "medewerker",
    "conseiller",
    "conseillère",
    "opérateur",
    "operador",
    "operatore",
)

# "Chat Transferred From A To B": what stands before A, and what between the two.
_TRANSFERS: Final = (
    ("chat transferred from", "to"),
    ("chat transferido desde", "a"),
    ("chat transferido de", "para"),
    ("chat übertragen von", "an"),
    ("chat transféré de", "à"),
    ("chat trasferita da", "a"),
    ("chat doorverbonden van", "naar"),
)

# A line that starts like one of these is a notice, wherever it stands.
_NOTICES: Final = (
    r"agente? chatbot \S",
    r"agent .{1,80}? requested a file transfer\b",
    r"agent .{1,80}? (?:joined|left) the (?:chat|conference)\b",
    r"agent .{1,80}? (?:successfully transferred|failed to transfer) the chat to\b",
    r"file transfer (?:succeeded|failed|cancell?ed|was)\b",
    r"\{chatwindowbutton:",
)

# In an export without line breaks a notice has no beginning of its own. These are the ones whose
# words cannot well be somebody's, and only at the end of what somebody said.
_NOTICES_AT_END: Final = (
    r"agent chatbot (?:successfully |failed to )?transfer(?:red)? the chat to [^.?!]{1,80}",
    r"agente chatbot (?:no )?transfirió [^.?!]{1,120}",
    r"agent (?:[^\s.?!]{1,30} ){1,4}requested a file transfer(?: ?file transfer [a-z]{5,12}\.?)?",
)

_LABELS: Final = {
    Role.CUSTOMER: (
        "visitor",
        "customer",
        "client",
        "end user",
        "enduser",
        "chasitor",
        "guest",
        "besucher",
        "besucherin",
        "kunde",
        "kundin",
        "gast",
        "visiteur",
        "visiteuse",
        "cliente",
        "visitante",
        "visitatore",
        "invitado",
        "invité",
        "utente",
        "bezoeker",
        "klant",
        "besökare",
        "kund",
        "besøgende",
        "besøkende",
        "vierailija",
        "asiakas",
        "klient",
        "gość",
        "návštěvník",
        "zákazník",
        "ziyaretçi",
        "müşteri",
        "посетитель",
        "клиент",
        "訪問者",
        "お客様",
        "访客",
        "客户",
        "訪客",
        "방문자",
        "고객",
    ),
    Role.AGENT: (*AGENT, "operator", "オペレーター", "エージェント", "客服"),
    Role.BOT: (
        "bot",
        "chatbot",
        "virtual agent",
        "virtual assistant",
        "virtueller assistent",
        "assistant virtuel",
        "asistente virtual",
        "assistente virtual",
        "assistente virtuale",
        "virtuele assistent",
        "チャットボット",
    ),
    # A supervisor's whisper reaches the agent only: it is no part of the dialogue.
    Role.SYSTEM: ("system", "supervisor", "sistema", "système", "systeem", "automated process"),
}


def _any_of(words: Iterable[str]) -> str:
    """Return a group that matches any of the words, the longest first."""
    return "(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")"


LABELS: Final = {label: role for role, labels in _LABELS.items() for label in labels}
STARTED_LABEL: Final = re.compile(rf"{_any_of(STARTED)} ?:", re.IGNORECASE)
ORIGIN_LABEL: Final = re.compile(rf"{_any_of(ORIGIN)} ?: ?", re.IGNORECASE)
AGENT_LABEL: Final = re.compile(rf"{_any_of(AGENT)} (?=\S)", re.IGNORECASE)
TRANSFERS: Final = tuple(
    (re.compile(rf"{before} ", re.IGNORECASE), re.compile(rf" {between} ", re.IGNORECASE))
    for before, between in _TRANSFERS
)
TRANSFER: Final = re.compile(
    "|".join(rf"{before} .+ {between} ." for before, between in _TRANSFERS), re.IGNORECASE
)
TRANSFER_LABEL: Final = re.compile(
    rf"{_any_of(before for before, _ in _TRANSFERS)} ", re.IGNORECASE
)
NOTICE: Final = re.compile("|".join(_NOTICES), re.IGNORECASE)
# Who takes part though no header names them: "Agent Tom K joined the conference."
AGENT_IN_NOTICE: Final = re.compile(
    rf"{_any_of(AGENT)} (.{{1,80}}?) (?:requested a file transfer|(?:joined|left) the "
    r"(?:chat|conference)|(?:successfully )?transferred the chat|failed to transfer the chat)\b",
    re.IGNORECASE,
)
CONFERENCE: Final = re.compile(
    r"\s(?:has |have )?(?:joined|left|entered) the conference\b", re.IGNORECASE
)
NOTICE_AT_END: Final = re.compile(rf"(?:{'|'.join(_NOTICES_AT_END)}) *\Z", re.IGNORECASE)
NOTICE_HINT: Final = "agent"  # which each of these begins with
# A notice about the bot: "Agent Chatbot ...", or a first word like "Chatboten".
BOT_AT_WORK: Final = re.compile(r"(?:[^\W\d_]+ )?chatbot\w*(?!\S)", re.IGNORECASE)
_FAILED: Final = r"\bfail|\bno (?:se )?transf|\bnicht\b|fehlgeschlagen|échou|mislukt|falh|fallit"
FAILED: Final = re.compile(_FAILED, re.IGNORECASE)
# "... transferred the chat to bot Ziggy": what stands behind the word, if anything, is its name.
TO_BOT: Final = re.compile(
    r"\b(?:to|al?|an|au|à|ao|naar|para|till?|do) (?:(?:the|el|la|le|o|de[mnr]?) )?(?:chat)?bot\b"
    r"(?: ?\[[^\]]*\])?[ :]*(.*)",
    re.IGNORECASE,
)
# What bots are called, beside the labels: "Pepper Chatbot", "Acme virtual assistant".
BOTS_NAME: Final = re.compile(
    r"\b(?:\w{0,40}chatbot|bot|(?:virtual|digital|ai) (?:assistant|agent))\b"
)
# Words of the aliases under which desks answer. They decide nothing: a visitor may be called so.
SERVICE: Final = re.compile(
    r"\b(?:support|service|services|team|help|helpdesk|desk|care|sales|billing|soporte|servicio"
    r"|ventas|atenci[oó]n|assistenza|suporte|atendimento|assistance|équipe|hulp"
    r"|\w{0,40}(?:service|dienst|support|team|desk|help|care))\b"
)

_STARTED_ENDS: Final = (*STARTED, *(f"{label} " for label in STARTED))
_LONGEST_STARTED: Final = max(map(len, STARTED)) + len(" ")


def find_started(text: str) -> Iterator[int]:
    """Yield where each `STARTED_LABEL` in a text begins.

    It looks back from the colons, which takes a tenth of the time of searching for the words.
    """
    colon = text.find(":")
    while colon >= 0:
        before = text[max(0, colon - _LONGEST_STARTED) : colon].lower()
        if before.endswith(_STARTED_ENDS):
            label = before.removesuffix(" ")
            blank = len(before) - len(label)
            yield colon - blank - max(len(known) for known in STARTED if label.endswith(known))
        colon = text.find(":", colon + 1)
