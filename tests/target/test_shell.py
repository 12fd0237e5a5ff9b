"""Commands in messages are those that somebody can type where the message was read."""

from __future__ import annotations

import pytest

from target_creovai.shell import Shell

TEXT = (
    "as it is: `target-creovai resend --changed-settings` (`meltano select tap X '*'`), or `once`."
)
PROD = {"MELTANO_PROJECT_ROOT": "/project", "MELTANO_ENVIRONMENT": "prod"}


@pytest.mark.parametrize(
    ("environ", "arguments", "command"),
    [
        pytest.param({}, [], "target-creovai retry --config target.json", id="unknown"),
        pytest.param(
            {},
            ["--config", "a b.json", "status", "--config=ENV"],
            "target-creovai retry --config 'a b.json' --config ENV",
            id="as-given",
        ),
        pytest.param(
            PROD,
            ["--config", "/project/.meltano/run/1.json"],
            "meltano --environment=prod invoke target-creovai retry",
            id="meltano",
        ),
        pytest.param(
            PROD | {"MELTANO_LOADER_NAME": "target-creovai--eu"},
            [],
            "meltano --environment=prod invoke target-creovai--eu retry",
            id="inherited",
        ),
        pytest.param(
            {"MELTANO_PROJECT_ROOT": "/project", "MELTANO_ENVIRONMENT": ""},
            [],
            "meltano --no-environment invoke target-creovai retry",
            id="no-environment",
        ),
    ],
)
def test_a_command_is_typed_as_this_process_was(
    environ: dict[str, str], arguments: list[str], command: str
) -> None:
    """With its environment, or with its files of settings."""
    assert Shell.of(environ, arguments).command("retry") == command


def test_all_commands_of_a_text_are_typed_so() -> None:
    """What is in backticks and no command stays."""
    assert Shell("prod").typed(TEXT) == (
        "as it is: `meltano --environment=prod invoke target-creovai resend --changed-settings` "
        "(`meltano --environment=prod select tap X '*'`), or `once`."
    )


@pytest.mark.parametrize("shell", [Shell(), Shell("prod")], ids=["plain", "meltano"])
def test_what_is_typed_already_stays(shell: Shell) -> None:
    """A text may come by twice."""
    assert shell.typed(shell.typed(TEXT)) == shell.typed(TEXT)


def test_without_meltano_no_command_of_it_is_named() -> None:
    """Nobody may have it."""
    assert Shell(None, ("c.json",)).typed(TEXT) == (
        "as it is: `target-creovai resend --config c.json --changed-settings`, or `once`."
    )


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        (
            Shell("prod"),
            (
                "meltano --environment=prod run --full-refresh --no-state-update "
                "tap-salesforce-chat target-creovai"
            ),
        ),
        (
            Shell(),
            (
                "tap-salesforce-chat --config tap.json --config ENV "
                "| target-creovai --config target.json > /dev/null"
            ),
        ),
        (
            Shell(None, ("ENV",)),
            "tap-salesforce-chat --config ENV | target-creovai --config ENV > /dev/null",
        ),
    ],
    ids=["meltano", "files", "environment"],
)
def test_a_sync_that_reads_all_again_leaves_the_state_alone(shell: Shell, command: str) -> None:
    """A container has its settings in its environment, and no file."""
    assert shell.sync == command
