"""The operator at a terminal, beside the target that runs on the same store."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from target_creovai.target import TargetCreovai
from tests.target.commands.previewed import ROLES, ROWS, TYPES
from tests.target.rows import COMPLETED, STARTED, UNANSWERED, at, case, chat, chat_id, comment
from tests.target.support import TargetRunner

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.browser import Reader
    from tests.fakes.creovai import CreovaiServer


@dataclass(frozen=True, slots=True)
class Operator:
    """Types `target-creovai ...` with the settings of a target."""

    target: TargetRunner

    def __call__(self, *arguments: str, **changes: Any) -> Result:
        """Run a command; a setting that is None is left out."""
        file = self.target.folder / "operator.json"
        merged = {**self.target.config, **changes}
        file.write_text(json.dumps({k: v for k, v in merged.items() if v is not None}))
        command = [arguments[0], "--config", str(file), *arguments[1:]]
        return CliRunner().invoke(TargetCreovai.get_singer_command(), command)

    def json(self, *arguments: str, **changes: Any) -> Any:
        """Run a command and read its report, as a program would."""
        return json.loads(self(*arguments, "--format", "json", **changes).stdout)


@pytest.fixture(autouse=True)
def _same_excepthook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what the SDK's command sets for the whole process."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture
def operator(run_target: TargetRunner) -> Operator:
    """Someone with a terminal, for the target of this test."""
    return Operator(run_target)


@pytest.fixture
def mixed(run_target: TargetRunner, creovai: CreovaiServer) -> TargetRunner:
    """A run that left one conversation in each state."""
    creovai.refuse(chat_id(2))
    run_target(
        STARTED,
        chat(1),
        chat(2),
        chat(3, **UNANSWERED),
        case(1),
        comment(1, case=1),
        case(2, IsClosed=False, SystemModstamp=at("17:00")),
        case(3, IsClosed=False, SystemModstamp=at("16:00")),
        COMPLETED,
    )
    return run_target


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a store with all sorts of conversations, before they are sent."""
    folder = tmp_path_factory.mktemp("preview")
    target = TargetRunner(folder, participant_types=TYPES, speaker_roles=ROLES)
    target(STARTED, *ROWS, COMPLETED)
    with pytest.MonkeyPatch.context() as patch:
        # The SDK's command sets one for the whole process.
        patch.setattr(sys, "excepthook", sys.excepthook)
        result = Operator(target)("preview", "--output", str(folder / "page.html"))
    assert result.exit_code == 0, result.output
    return folder / "page.html"


@pytest.fixture
def written(reader: Reader, page_file: Path) -> Reader:
    """Someone who was given that page."""
    reader.file = page_file
    return reader
