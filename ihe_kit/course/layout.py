"""Lays the course out in a folder and opens it in JupyterLab. A learner's work is never overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ihe_kit.files import PACKAGE, home

FIRST = "notebooks/00-start-here.ipynb"
PARTS = ("notebooks", "data")
TEACHERS = "instructor"  # notes with all the answers


@dataclass
class Laid:
    """What was done: files written, files kept because somebody changed them or they were there already."""

    folder: Path
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    checkout: bool = False

    def __str__(self) -> str:
        if self.checkout:
            return f"The course is in {self.folder}."
        lines = [f"The course is in {self.folder}: {len(self.written)} files written, {len(self.kept)} kept as they were."]
        changed = [name for name in self.kept if name.endswith(".new")]
        return "\n".join(lines + [f"  {name} holds the course's version beside yours" for name in changed])


def lay_out(folder: Path | None = None, instructor: bool = False) -> Laid:
    """Copies `notebooks/` and `data/` into a folder (default: here). In a checkout of the project nothing is copied.

    The instructor's notes come along only when asked for. A file that is there already stays. Where it differs from the course's, the course's version is put beside it as `NAME.new`. Raises
    OSError that says what to do where the folder cannot be written.
    """
    folder = (folder or Path.cwd()).resolve()
    if folder == home().resolve():
        return Laid(folder, checkout=True)
    laid = Laid(folder)
    try:
        for part in PARTS:
            for source in sorted(p for p in (home() / part).rglob("*") if p.is_file()):
                if {"__pycache__", ".ipynb_checkpoints", ".ihe_kit"} & set(source.parts) or (TEACHERS in source.parts and not instructor):
                    continue
                _copy(source, folder, f"{part}/{source.relative_to(home() / part).as_posix()}", laid)
    except OSError as problem:
        raise OSError(
            f"cannot lay the course out in {folder} ({problem.strerror}). Choose a folder that you may write to: --dir FOLDER."
        ) from None
    return laid


def _copy(source: Path, folder: Path, name: str, laid: Laid) -> None:
    target = folder / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        laid.written.append(name)
    elif target.read_bytes() == source.read_bytes():
        laid.kept.append(name)
    else:
        beside = target.with_name(f"{target.name}.new")
        if not beside.exists() or beside.read_bytes() != source.read_bytes():
            shutil.copyfile(source, beside)
        laid.kept.append(f"{name}.new")


def open_lab(folder: Path, browser: bool = True, port: int | None = None) -> int:
    """Starts JupyterLab on the first lesson and stays until it ends. Returns its exit status.

    The course is offline: JupyterLab neither looks for updates nor asks whether it may fetch news.
    """
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    command += [f"--LabApp.default_url=/lab/tree/{FIRST}", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += [f"--ServerApp.port={port}"] if port else []
    command += [] if browser else ["--no-browser"]
    command += ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []  # in a container people are root
    paths = [str(PACKAGE / "course" / "lab"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    env = os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}
    if os.name == "posix":  # JupyterLab takes this process's place, so that who ends it ends JupyterLab
        sys.stdout.flush()
        os.execve(command[0], command, env)
    return subprocess.call(command, env=env)
