"""Checks of the messages that were read against the counts and times on a chat's record."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from target_creovai.model.findings import Finding, Findings
from target_creovai.model.participants import Role
from target_creovai.parsers.transcript import Evidence
from target_creovai.salesforce.rows import number_of, time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_creovai.model.rows import Row
    from target_creovai.parsers.transcript import Transcript

# Offsets are whole seconds, and a last word may cross with the end of the chat.
TOLERANCE = timedelta(seconds=60)


def findings_of(row: Row, transcript: Transcript) -> Findings:
    """Return where record and transcript differ, and what of the body has no place in it."""
    return {finding: int(number) for finding, look in _LOOKS if (number := look(row, transcript))}


def _unplaced_characters(_row: Row, transcript: Transcript) -> int:
    return sum(map(len, transcript.unclassified))


def _is_cut_off(_row: Row, transcript: Transcript) -> bool:
    return transcript.truncated


def _rests_on_others(_row: Row, transcript: Transcript) -> bool:
    others = Evidence.OTHER_CHATS
    decisions = transcript.speaker_roles.decisions.values()
    return any(decision.evidence is others for decision in decisions)


def _messages(transcript: Transcript) -> Counter[Role]:
    return Counter(line.role for line in transcript.lines if line.kind == "message")


def _operator_count_differs(row: Row, transcript: Transcript) -> bool:
    """Whether Salesforce counts a bot among the operators is not documented: both will do."""
    counted = number_of(row, "OperatorMessageCount")
    if counted is None:
        return False
    counts = _messages(transcript)
    agents = counts[Role.AGENT]
    return counted not in {agents, agents + counts[Role.BOT]}


def _visitor_count_differs(row: Row, transcript: Transcript) -> bool:
    counted = number_of(row, "VisitorMessageCount")
    return counted is not None and counted != _messages(transcript)[Role.CUSTOMER]


def message_count_findings(session: Row, counts: Mapping[Role, int]) -> Findings:
    """Return where a messaging session counts otherwise.

    Salesforce does not calculate the counts of enhanced sessions (object reference), so
    that nothing and zero say nothing. Whether a bot counts as an agent is not documented.
    """
    agents, bots, end_users = (
        counts.get(role, 0) for role in (Role.AGENT, Role.BOT, Role.CUSTOMER)
    )
    differs = {
        Finding.AGENT_COUNT: {agents, agents + bots},
        Finding.END_USER_COUNT: {end_users},
    }
    counted = {finding: number_of(session, finding) for finding in differs}
    return {
        finding: 1
        for finding, expected in differs.items()
        if counted[finding] and counted[finding] not in expected
    }


def _is_too_late(row: Row, transcript: Transcript) -> bool:
    start, seconds = time_of(row, "StartTime"), number_of(row, "ChatDuration")
    if start is None or seconds is None:
        return False
    times = [line.at for line in transcript.lines if line.kind == "message" and line.at]
    # Compared as a difference: the record may hold a number of seconds that no date can take.
    return bool(times) and (max(times) - start - TOLERANCE).total_seconds() > seconds


_LOOKS: Final[tuple[tuple[Finding, Callable[[Row, Transcript], int]], ...]] = (
    (Finding.UNPLACED, _unplaced_characters),
    (Finding.OTHER_CHATS, _rests_on_others),
    (Finding.CUT_OFF, _is_cut_off),
    (Finding.OPERATOR_COUNT, _operator_count_differs),
    (Finding.VISITOR_COUNT, _visitor_count_differs),
    (Finding.DURATION, _is_too_late),
)
