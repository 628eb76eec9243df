"""Hostile command lines: some of them always, all of them by ``make hostile``."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

SOME, ALL = 24, 400
HOW_MANY = ALL if os.environ.get("HOSTILE") == "all" else SOME
FIRST = int(os.environ.get("HOSTILE_FIRST", "0"))


def _module(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hostile = _module("hostile")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + HOW_MANY))
def test_a_hostile_command_line_does_no_harm(seed, tmp_path):
    line = hostile.command_line(seed, tmp_path)
    assert hostile.faults_of(line) == [], line


@pytest.mark.parametrize("streams", hostile.STREAMS[2:])
def test_a_harmless_command_line_is_found_without_fault(streams, tmp_path):
    hostile.fill(tmp_path)
    arguments = [sys.executable, "-m", "compare.run", "mine.toml", "--no-keras", "--no-figures", "--out", "audit"]
    line = hostile.CommandLine([*arguments, "--junit", "old.xml"], tmp_path, ".", streams, {})
    assert hostile.faults_of(line) == []
    assert (tmp_path / "audit" / "results.json").exists()


# Commands that do what must not be done, and how that shows.
BROKEN = {
    "raise RuntimeError('a mistake')": "Traceback",
    "import sys; sys.exit(4)": "status 4",
    "import os; os.kill(os.getpid(), 15)": "status -15",
    "import sys; sys.exit(2)": "says nothing",
    "import sys; sys.exit('x' * 5000)": "says too much",
    "print('\\x1b[2J')": r"prints '\x1b'",
    "import sys; print('\\u202e', file=sys.stderr)": r"prints '\u202e'",
    "import warnings; warnings.warn('overflow', RuntimeWarning)": "Warning",
    "import time; time.sleep(60)": "hangs",
    "open('pipe.toml').read()": "hangs",
    "open('mine.toml', 'w').write('x')": "lost 'hard.xml'",
    "open('audit/notes.txt', 'w')": "lost 'audit/notes.txt'",
    "open('theirs/report.html', 'w').write('mine')": "lost 'theirs/report.html'",
    "import os; os.remove('link.toml')": "lost 'link.toml'",
    "import os; os.mkdir('.neuron-audit-0123456789abcdef')": "left '.neuron-audit-0123456789abcdef'",
    "open('new', 'w').write('half'); raise SystemExit(2)": "wrote 'new'",
    "open('new.json', 'w').write('{')": "half 'new.json'",
    """open('audit/environment.json', 'w').write('{"files": ["figures/a.png"]}')""": (
        "half 'audit/environment.json': 'figures/a.png' is missing"
    ),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_command_that_does_harm_is_seen(code, tmp_path, monkeypatch):
    monkeypatch.setattr(hostile, "PATIENCE", 1)
    hostile.fill(tmp_path)
    line = hostile.CommandLine([sys.executable, "-c", code], tmp_path, ".", "", {})
    assert BROKEN[code] in hostile.faults_of(line)


def test_the_generator_gives_the_same_again_and_knows_every_command(tmp_path):
    lines = []
    for seed in range(60):
        for again in ("a", "b"):
            folder = tmp_path / f"{seed}{again}"
            folder.mkdir()
            lines.append(hostile.command_line(seed, folder))
    for one, other in zip(lines[::2], lines[1::2], strict=True):
        assert [a.replace(str(one.folder), "") for a in one.arguments] == [
            a.replace(str(other.folder), "") for a in other.arguments
        ]
    assert {line.arguments[2] for line in lines} == {f"compare.{name}" for name in ("run", "sweep", "bench", "defects")}
