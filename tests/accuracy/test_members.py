"""Members of the classes of mistakes that threads of mails once showed."""

from __future__ import annotations

import pytest

from tests.accuracy.members import Member, members


@pytest.mark.parametrize("member", members(), ids=lambda member: member.name)
def test_the_last_mail_says_what_its_writer_wrote(member: Member) -> None:
    """The file is the class, `why` in it the rule."""
    content = member.content()

    assert member.exact in {None, content}
    assert [phrase for phrase in member.holds if phrase not in content] == []
    assert [phrase for phrase in member.lacks if phrase in content] == []


def test_each_expects_something() -> None:
    """A case without expectations holds whatever comes out."""
    assert [one.name for one in members() if not (one.exact or one.holds or one.lacks)] == []
