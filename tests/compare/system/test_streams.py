"""What reaches standard output and error, whatever they are: the report is written, the status is about the claims."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from compare.bench.__main__ import main as bench
from compare.defects.__main__ import main as defects
from compare.run.__main__ import main as run
from compare.sweep.__main__ import main as sweep
from compare.system.command_line import UsageError, status_of
from compare.system.console import say
from compare.system.streams import SafeStream, one_line, readable, safe_streams

CLAIM = """
[[claim]]
id = "tiny"
says = "The expected loss at w = -1 is ≥ 1, ö."
source = "a test"
expect = "EXPECT"
[[claim.check]]
quantity = "expected_loss"
at = { w = -1.0 }
near = 1.0
within = 0.0
"""
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\r"
COMMANDS = {
    "run": ["compare.run", "tiny.toml", "--no-keras", "--no-figures", "--out", "out"],
    "sweep": ["compare.sweep", "--grid", "initial.w=1,2", "--steps", "2", "--no-picture", "--out", "out"],
    "bench": ["compare.bench", "--only", "nothing-at-all", "--out", "out"],
    "bench list": ["compare.bench", "--list"],
    "defects": ["compare.defects", "--list"],
}
REDIRECTIONS = {
    "closed": ">&-",
    "full": ">/dev/full",
    "left": "| true",
    "error closed": "2>&-",
    "error full": "2>/dev/full",
    "all closed": "<&- >&- 2>&-",
    "both full": ">/dev/full 2>&1",
}


def in_shell(folder, module, redirection, **environment):
    """Exit status and what was printed by a command of a shell, which also tells the status before a pipe."""
    words = " ".join(module)
    script = f'"{sys.executable}" -m {words} {redirection}; echo "status ${{PIPESTATUS[0]}}" >&9'
    done = subprocess.run(
        ["bash", "-c", f"exec 9>status; {script}"],
        cwd=folder,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        check=False,
        timeout=60,
    )
    return int((folder / "status").read_text().split()[1]), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "redirection"),
    [("run", redirection) for redirection in REDIRECTIONS.values()]
    + [("sweep", ">&-"), ("sweep", ">/dev/full"), ("bench", "2>&-"), ("bench list", ">&-"), ("bench list", "| true")]
    + [("defects", ">/dev/full"), ("defects", "| true")],
)
def test_a_stream_that_takes_nothing_changes_neither_report_nor_status(command, redirection, tmp_path):
    (tmp_path / "tiny.toml").write_text(CLAIM.replace("EXPECT", "holds"))
    status, printed = in_shell(tmp_path, COMMANDS[command], redirection)
    assert status == (2 if command == "bench" else 0)
    assert b"Traceback" not in printed
    assert b"Exception ignored" not in printed
    if command in ("run", "sweep"):
        assert json.loads((tmp_path / "out" / "environment.json").read_text())["written_by"]


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| head -c 1", "2>/dev/full"])
def test_the_status_says_what_became_of_the_claims(redirection, tmp_path):
    (tmp_path / "tiny.toml").write_text(CLAIM.replace("EXPECT", "refuted"))
    assert in_shell(tmp_path, COMMANDS["run"], redirection)[0] == 1
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_a_stream_of_few_characters_gets_the_others_as_escapes(environment, tmp_path):
    (tmp_path / "tiny.toml").write_text(CLAIM.replace("EXPECT", "holds"), encoding="utf-8")
    for arguments in (["compare.run", "tiny.toml", "--list"], COMMANDS["run"]):
        status, printed = in_shell(tmp_path, arguments, "", **environment)
        assert (status, b"Traceback" in printed) == (0, False), printed.decode("latin-1")
        if environment == {"PYTHONIOENCODING": "ascii"} and "--list" in arguments:
            assert b"is \\u2265 1, \\xf6." in printed


@pytest.mark.parametrize("main", [run, sweep, bench, defects], ids=["run", "sweep", "bench", "defects"])
def test_what_a_terminal_would_act_upon_is_escaped_wherever_it_comes_from(main, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = f"{EVIL}\n.toml".replace("/", "")
    (tmp_path / name).write_text(CLAIM)
    key = "".join(f"\\u{ord(c):04x}" for c in EVIL)
    (tmp_path / "bad.toml").write_text(f'[[claim]]\n"{key}" = "{key}"\nid = "a\\n"\n[sweep.grid]\n"{key}" = [1]\n')
    for arguments in (
        [name, "--no-keras"],
        [str(tmp_path / name / "x")],
        ["bad.toml"],
        ["--only", EVIL],
        ["--explain", EVIL],
        ["--dtype", EVIL],
        ["--seed", EVIL],
        ["--grid", EVIL],
        ["--grid", f"{EVIL}={EVIL}"],
        [f"--{EVIL}"],
        ["--out", "bad.toml"],
        ["--junit", name, "--only", "jump", "--no-keras", "--no-figures"],
    ):
        assert main(arguments) == 2, arguments
        printed = capsys.readouterr()
        assert [c for c in printed.out + printed.err if c in "\x1b\x07\x9b\u202e\r"] == [], arguments
        assert 1 <= printed.err.count("\n") <= 8
    if main is run:
        assert main(["--out", f"{EVIL}\n", "--only", "jump", "--no-keras", "--no-figures"]) == 0
        assert "\\x1b]0;owned" in (printed := capsys.readouterr().out)
        assert not set(printed) & set(EVIL[:1] + "\u202e\r\x9b")


def test_text_is_readable_and_a_line_is_one():
    assert readable("é ∂ 😀\n\t") == "é ∂ 😀\n\t"
    assert readable(EVIL) == "\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\u202eevil\\r"
    assert readable("\x00\u2028\udcff\ufeff") == "\\x00\\u2028\\udcff\\ufeff"
    assert one_line("a\nb\tc") == "a\\nb\\tc"
    assert len(one_line("word " * 5000)) <= 2000


@pytest.mark.parametrize("drawn", [False, True])
def test_a_table_holds_no_control_character_of_its_texts(drawn, capsys):
    from rich.table import Table

    table = Table("a heading\x1b[0m")
    table.add_row(EVIL)
    with safe_streams():
        say(table if drawn else EVIL)
    printed = capsys.readouterr().out
    assert "\\x1b]0;owned" in printed.replace("\n", "")
    assert "\x1b" not in printed


def test_on_a_terminal_rich_colours_and_texts_do_not(monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    from rich.text import Text

    with safe_streams():
        say(Text("\x1b[2J red", style="red"))
        print("\x1b[2J")
    assert screen.getvalue().count("\x1b[31m") == 1
    assert "\x1b[2J" not in screen.getvalue()
    assert screen.getvalue().count("\\x1b[2J") == 2


def test_every_mistake_is_a_line_of_its_own_and_no_longer_than_can_be_read(capsys):
    def mistaken():
        raise UsageError("one\nstill one", f"two {'7' * 5000} ends")

    assert status_of("a test", mistaken) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "a test: one\\nstill one"
    assert lines[1].startswith("a test: two 777")
    assert lines[1].endswith("777 ends")
    assert len(lines[1]) < 250


def test_an_outlet_that_fails_once_takes_everything():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    outlet = SafeStream(Full())
    assert outlet.write("abc") == 3
    assert outlet.write("abc") == 3
    outlet.flush()


SLOW = """
[[claim]]
id = "slow"
says = "It is slow."
source = "a test"
[claim.experiment]
initial = { w = -1.0 }
steps = 400_000
[[claim.check]]
quantity = "w"
when = "always"
below = 0.0
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_a_signal_ends_a_run_with_one_line_its_status_and_nothing_left(sent, tmp_path):
    (tmp_path / "slow.toml").write_text(SLOW)
    before = sorted(tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "compare.run", "slow.toml", "--no-keras", "--no-figures", "--out", "p/out"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    while process.poll() is None and not list(tmp_path.glob("p/.neuron-audit-*")):
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(sent)
    _, error = process.communicate(timeout=30)
    said = "interrupted" if sent == signal.SIGINT else f"stopped by {sent.name}"
    assert (process.returncode, error) == (128 + sent, f"compare.run: {said}; nothing was written\n")
    assert sorted(tmp_path.iterdir()) == before


def test_a_signal_that_is_ignored_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert status_of("a test", lambda: signal.raise_signal(signal.SIGHUP) or 0) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
