"""A container's root: the machine's root under an overlay, private, with the Pod's files and volumes mounted in.

`arguments` writes the upper layer and returns the command that enters the Pod's network, makes the container's own
namespaces, builds the mounts, moves into the new root and becomes the container's process 1, as in any container.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Below the merged root; the script moves there, and everything above it is unmounted.
_OLD_ROOT = ".old-root"
_DISK_KINDS = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "overlay", "virtiofs", "9p", "zfs", "f2fs", "nfs", "nfs4"}
)
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\134": "\\"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One volume (or a file of it) at a path of the container."""

    source: Path
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """What one container's root is made of; `folder` holds its layers, `files` are written into it."""

    folder: Path
    files: Mapping[str, bytes]
    commands: Mapping[str, str]
    mounts: tuple[Mount, ...]
    read_only: bool
    working_directory: str

    @property
    def pid(self) -> Path:
        """Return the file in which the container's first process leaves its id, as the node sees it."""
        return self.folder / "pid"


def arguments(root: Root, *, network: str, hostname: str, argv: Sequence[str]) -> tuple[str, ...]:
    """Write the upper layer and return the command that runs `argv` in it; `network` is the path of the Pod's netns."""
    upper = root.folder / "upper"
    for name in ("upper", "work", "merged"):
        (root.folder / name).mkdir(parents=True)
    (upper / _OLD_ROOT).mkdir()
    for path, content in root.files.items():
        _write(upper / path.lstrip("/"), content, 0o644)
    for path, command in root.commands.items():
        _write(upper / path.lstrip("/"), f"#!/bin/sh\n{command}\n".encode(), 0o755)
    (upper / root.working_directory.lstrip("/")).mkdir(parents=True, exist_ok=True)
    disks = _disks()
    script = "\n".join(("set -e", *_mount_lines(root, upper, disks), *_entry_lines(root, hostname)))
    return (
        "nsenter",
        f"--net={network}",
        "unshare",
        "--mount",
        "--uts",
        "--ipc",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        script,
        "container",
        *argv,
    )


def _mount_lines(root: Root, upper: Path, disks: Sequence[str]) -> list[str]:
    merged = shlex.quote(str(root.folder / "merged"))
    layers = f"lowerdir=/,upperdir={upper},workdir={root.folder / 'work'}"
    lines = [f"mount -t overlay overlay -o {shlex.quote(layers)} {merged}", f"cd {merged}"]
    lines += [f"mount --bind {shlex.quote(disk)} .{shlex.quote(disk)}" for disk in disks]
    lines += [
        # Until the container has its own /proc, `self` is what the node calls this process.
        f"read -r pid _ < /proc/self/stat; echo $pid > {shlex.quote(str(root.pid))}",
        "mount -t proc proc proc",
        "mount --rbind /sys sys",
        "mount --rbind /dev dev",
        "mount -t tmpfs shm dev/shm",
    ]
    for mount in sorted(root.mounts, key=lambda each: len(Path(each.target).parts)):
        # A link such as /var/run must be resolved now: from outside, it would lead out of the container.
        target = os.path.realpath(mount.target)
        inside = shlex.quote(f".{target}")
        lines.append(_mount_point(mount.source, inside))
        lines.append(f"mount --bind {shlex.quote(str(mount.source))} {inside}")
        if mount.read_only:
            lines.append(f"mount -o remount,bind,ro {inside}")
    return lines


def _mount_point(source: Path, inside: str) -> str:
    if source.is_dir():
        return f"mkdir -p {inside}"
    return f'mkdir -p "$(dirname {inside})"; [ -e {inside} ] || : > {inside}'


def _entry_lines(root: Root, hostname: str) -> list[str]:
    finish = ["set -e", f"umount -l /{_OLD_ROOT}", f"cd {shlex.quote(root.working_directory)}"]
    if root.read_only:
        finish.append("mount -o remount,bind,ro /")
    finish.append('exec "$@"')
    return [
        f"hostname {shlex.quote(hostname)}",
        f"pivot_root . {_OLD_ROOT}",
        f'exec chroot . sh -c {shlex.quote("; ".join(finish))} container "$@"',
    ]


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _disks() -> list[str]:
    """Return the mount points of real file systems below /, which an overlay of / alone does not show."""
    found: dict[str, None] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4]
        for escape, character in _ESCAPES.items():
            point = point.replace(escape, character)
        if after.split()[0] in _DISK_KINDS and point != "/" and Path(point).is_dir():
            found[point] = None
    return list(found)
