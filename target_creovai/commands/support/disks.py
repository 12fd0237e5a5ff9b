"""Does the disk of a store last? A store that is gone with its container has to be made anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from target_creovai.commands.support.check import Check, CheckStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOUNTS = Path("/proc/self/mountinfo")  # Linux has it (proc(5)); macOS keeps no list in a file
# Docker and Podman leave one of these in every container.
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
# Emptied at a restart or after some days: systemd's tmpfiles.d, macOS's periodic clean-up.
TEMPORARY = tuple(map(Path, ("/tmp", "/var/tmp", "/private/tmp", "/var/folders", "/dev/shm")))  # noqa: S108 -- to warn of it
IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
LAYERS = frozenset({"overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs"})
# What a pod's emptyDir and a container's volume without a name are on the node's own disk.
_EMPTY_DIR = re.compile(r"/kubernetes\.io~empty-dir/")
_ANONYMOUS = re.compile(r"/volumes/[0-9a-f]{64}/_data")
_ESCAPED = re.compile(r"\\([0-7]{3})")

ADVICE = (
    "Keep the store on a volume that outlives the container, or in PostgreSQL: see store_url. A "
    "store that is lost has to be read and asked for anew."
)


class Mount(NamedTuple):
    """One line of mountinfo: where, of which type, and what of its device is seen there."""

    point: Path
    kind: str
    root: str


def mounts_in(text: str) -> Iterator[Mount]:
    """Yield the mounts that `/proc/self/mountinfo` lists; a line that is none is left out."""
    for line in text.splitlines():
        before, found, after = line.partition(" - ")
        fields = before.split(" ")
        if found and len(fields) > len(("id", "parent", "device", "root")):
            yield Mount(Path(_plain(fields[4])), after.split(" ")[0], _plain(fields[3]))


def _plain(field: str) -> str:
    """Return a field without its escapes: blanks are written as octal numbers."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), field)


def existing(folder: Path) -> Path:
    """Return the nearest folder above, or this one, that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())


# Signs of a mount that does not last, in the order in which they count.
_GOES: tuple[tuple[Callable[[Mount], object], str], ...] = (
    (lambda mount: mount.kind in IN_MEMORY, "it is in memory"),
    (
        lambda mount: mount.kind in LAYERS,
        "it is in the container's own layer, and gone with the container",
    ),
    (
        lambda mount: _EMPTY_DIR.search(mount.root),
        "it is on an emptyDir, and gone with the pod",
    ),
    (
        lambda mount: _ANONYMOUS.search(mount.root),
        "it is on a volume without a name, which `--rm` removes with the container",
    ),
)
_IN_LAYER, _TEMPORARY = _GOES[1][1], "it is in a folder for temporary files, which get removed"


def why_it_goes(file: Path, mounts: Iterable[Mount], *, in_container: bool) -> str | None:
    """Return why a file will not last; None where nothing says so."""
    # The innermost; of several on one point, the last covers the others.
    above = [mount for mount in mounts if file.is_relative_to(mount.point)]
    mount = max(reversed(above), key=lambda it: len(it.point.parts), default=None)
    if mount:
        if why := next((why for goes, why in _GOES if goes(mount)), None):
            return why
        if in_container and mount.point == Path("/"):
            return _IN_LAYER
    # What somebody has mounted below such a folder is there on purpose.
    folders = [folder for folder in TEMPORARY if file.is_relative_to(folder)]
    on_purpose = mount and any(mount.point.is_relative_to(folder) for folder in folders)
    return _TEMPORARY if folders and not on_purpose else None


def check_lasting(file: Path) -> Iterator[Check]:
    """Warn of a store that will be gone one day."""
    text = MOUNTS.read_text(encoding="utf-8", errors="replace") if MOUNTS.exists() else ""
    in_container = any(mark.exists() for mark in CONTAINER_MARKS)
    why = why_it_goes(file.resolve(), mounts_in(text), in_container=in_container)
    if why:
        yield Check("lasting", CheckStatus.WARNING, f"the store will not last: {why}.", ADVICE)
