"""Command lines that nobody should ever give, from a seeded generator, and what must be true after each.

`command_line(seed, folder)` fills a folder with files that are precious, odd or hostile, and
makes a command line in it; `faults_of` runs one and looks for what must not happen: a
traceback, a wrong status, a hang, a raw control character, a file that is lost or half written.
"""

import json
import os
import random
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PATIENCE = 5  # seconds; what is accepted here is tiny
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\r"
CLAIM = '[[claim]]\nid = "{id}"\nsays = "It is so, ≥ ö."\nsource = "a test"\n{rest}'
CHECK = '[[claim.check]]\nquantity = "expected_loss"\nat = {{ w = {w} }}\n{condition}\n'
NICE = CLAIM.format(id="nice", rest='not_auditable = "A matter of taste."\n')
ONE = CLAIM.format(id="one", rest=CHECK.format(w=-1.0, condition="above = 0.5"))
SWEEP = '[sweep]\nname = "mine"\n[sweep.grid]\ninitial.w = [1.0, 2.0]\nsteps = [2]\nbatch_size = [4]\n'
LONG = "7" * 5000
NUMBERS = ["0", "-1", "1", "2", "1.5", "nan", "inf", "-inf", "1e308", "-1.7e308", "5e-324", "1e400"]
NUMBERS += ["0x10", "1_0", "\u0663", "1e", "--2"]
WORDS = ["", " ", "a", "w", "initial.w", "é", EVIL, "a\nb", LONG, "[" * 900, "{", "'", '"', "a=b", "=", ":"]
WORDS += ["::", ",", "*", "%s%n", "../..", "~", "-", "--", "\udcff", "A" * 300, "nul\u2028", "$(touch x)", "`x`"]
WORDS += ["; rm x", "\t", "True", "null", "../mine.toml"]
PATHS = ["new", "p/q/new", "audit/own.toml", "audit/report.html", "audit/new.xml", "theirs/report.html", "mine.toml/x"]
PATHS += [".", "..", "/", "/dev/null", "/dev/zero", "/dev/stdin", "/dev/full", "/proc/self/mem", "/proc/none"]
# Command lines that are allowed and done in a moment.
HARMLESS = {
    "run": [["mine.toml"], ["--no-keras"], ["--no-figures"], ["--out", "new"]],
    "sweep": [["--grid", "initial.w=1,2"], ["--steps", "2"], ["--batch-size", "4"], ["--no-picture"], ["--out", "new"]],
    "bench": [["--quick"], ["--only", "surface"], ["--rounds", "1"], ["--out", "new"]],
    "defects": [["--list"], ["--out", "new"]],
}
STREAMS = ["", "", "", ">&-", ">/dev/full", "2>&-", "2>/dev/full", "<&- >&- 2>&-", "left"]
ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "C", "PYTHONUTF8": "0"},
    {"COLUMNS": "1"},
    {"TERM": "dumb"},
    {"HOME": "/none"},
    {"TMPDIR": "/none"},
    {"PYTHONWARNINGS": "error::RuntimeWarning"},
    {"TF_CPP_MIN_LOG_LEVEL": EVIL},
    {"KERAS_BACKEND": EVIL},
]


class CommandLine(NamedTuple):
    """A command line and where and how it is given.

    Parameters
    ----------
    arguments : list of str
        From the program on.
    folder : Path
        Everything that it may not touch.
    inside : str
        The working folder.
    streams : str
        A redirection of the shell, or "left" for a pipe that nobody reads.
    environment : dict of str to str
    """

    arguments: list[str]
    folder: Path
    inside: str
    streams: str
    environment: dict[str, str]


def fill(folder: Path) -> None:
    """Files and folders of every kind that a command line could name."""
    escaped = "".join(f"\\u{ord(c):04x}" for c in EVIL)
    ours = {"written_by": "neuron-audit", "files": ["environment.json", "report.html"]}
    texts = {
        "mine.toml": ONE,
        "nice.toml": NICE,
        "sweep.toml": SWEEP,
        "met.toml": ONE.replace("source", 'expect = "holds"\nsource'),
        "unmet.toml": ONE.replace("source", 'expect = "refuted"\nsource'),
        "newline.toml": ONE.replace('"one"', '"one\\n"'),
        "evil.toml": ONE.replace("It is so", escaped),
        "evil key.toml": ONE + f'"{escaped}" = 1\n',
        "raw.toml": ONE.replace("It is so", EVIL),
        "deep.toml": "a = " + "[" * 5000 + "]" * 5000,
        "dotted.toml": ".".join(["a"] * 3000) + " = 1",
        "digits.toml": ONE + "seed = " + "7" * 5000,
        "long line.toml": "#" + "x" * 20_000,
        "empty.toml": "",
        "crlf.toml": ONE.replace("\n", "\r\n"),
        "notes.txt": "precious",
        "old.xml": "<testsuite/>",
        f"{EVIL.replace('/', '')}\n.toml": ONE,
        "theirs/environment.json": '{"schema": 1, "versions": {"neuron-audit": "0.1.0"}}',
        "theirs/results.json": "precious",
        "theirs/report.html": "precious",
        "theirs/spec.json": '{"sweep": "precious"}',
        "audit/environment.json": json.dumps(ours),
        "audit/report.html": "of an earlier audit",
        "audit/notes.txt": "precious",
        "audit/own.toml": ONE,
        "half/environment.json": '{"written_by": "neuron-au',
        "half/thesis.tex": "precious",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    (folder / "binary.toml").write_bytes(random.Random(1).randbytes(5000))
    (folder / "latin.toml").write_bytes(ONE.encode("latin-1", "replace"))
    (folder / "utf16.toml").write_bytes(ONE.encode("utf-16"))
    (folder / os.fsdecode(b"bytes-\xff.toml")).write_text(ONE)
    with (folder / "endless.toml").open("wb") as file:
        file.truncate(2**40)
    os.mkfifo(folder / "pipe.toml")
    (folder / "empty").mkdir()
    (folder / "folder.toml").mkdir()
    (folder / "link.toml").symlink_to("mine.toml")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "to audit").symlink_to("audit")
    os.link(folder / "mine.toml", folder / "hard.xml")


def command_line(seed: int, folder: Path) -> CommandLine:
    """The command line of a seed, in a folder that is new and empty and is filled: a harmless one with a few changes.

    Parameters
    ----------
    seed : int
    folder : Path
    """
    fill(folder)
    rng = random.Random(seed)
    names = sorted(os.listdir(folder))
    paths = [*names, *names, *PATHS, str(folder / "new"), str(folder / "mine.toml"), *WORDS[:8]]
    kind = rng.choice(["run"] * 5 + ["sweep"] * 3 + ["bench", "defects"])
    parts = [list(part) for part in HARMLESS[kind]]
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        flag, values = rng.choice(_changes(kind, paths, rng))
        value = [] if values is None else [rng.choice(values)]
        if value and rng.random() < 0.03:
            value = []  # forgotten
        same = [part for part in parts if part[:1] == [flag]]
        if flag == "" and rng.random() < 0.5:
            parts = [part for part in parts if part[0].startswith("-")]
        parts = [part for part in parts if part not in same or rng.random() < 0.1]
        parts.append([*([flag] if flag else []), *value])
    rng.shuffle(parts)
    arguments = [argument for part in parts for argument in part]
    inside = rng.choice([".", ".", ".", "audit"] if kind == "run" else ["."])
    if inside != ".":
        arguments = ["../mine.toml" if argument == "mine.toml" else argument for argument in arguments]
    program = [sys.executable, "-m", f"compare.{kind}"]
    return CommandLine([*program, *arguments], folder, inside, rng.choice(STREAMS), rng.choice(ENVIRONMENTS))


def _changes(kind: str, paths: list[str], rng: random.Random) -> list[tuple[str, list[str] | None]]:
    """Flags and what may follow them; the empty one for arguments without."""
    out = ("--out", [*paths, "audit", "audit", "empty", "to audit"])
    nothing_known = (rng.choice([*WORDS, "--nonsense", "--help", "--out=", "--quiet=1"]), None)
    if kind == "run":
        return [
            *[out, ("", [*paths, "nice.toml", "met.toml", "unmet.toml", "audit/own.toml"])] * 3,
            *[("--junit", ["new.xml", "audit/new.xml", "p/q/new.xml", *paths])] * 3,
            ("--only", ["nice", "one", "jump", *WORDS]),
            ("--explain", ["nice", "one", *WORDS]),
            ("--seed", NUMBERS),
            ("--dtype", ["float64", *WORDS]),
            ("--list", None),
            ("--quiet", None),
            nothing_known,
        ]
    if kind == "sweep":
        setting = rng.choice(["initial.w", "steps", "batch_size", "optimizer.learning_rate", "dtype", "seed", *WORDS])
        one, other, number = rng.choice(NUMBERS), rng.choice(NUMBERS), rng.choice(NUMBERS[:4])
        return [
            *[out, ("", [*paths, "sweep.toml", "relu-sgd"])] * 2,
            ("--grid", [f"{setting}={one}:{other}:{number}", f"initial.w={one},{other}", f"{setting}={one}", *WORDS]),
            ("--random", [f"{setting}=normal:{one}:1", f"initial.b=uniform:{one}:{other}", *WORDS]),
            ("--set", [f"{setting}={one}", f"initial.w={rng.choice(WORDS)}", *WORDS]),
            ("--train", ["w,b", *WORDS]),
            ("--number", NUMBERS[:5]),
            ("--learning-rate", [*NUMBERS, *WORDS]),
            ("--optimizer", ["Adam", *WORDS]),
            ("--workers", ["0", "-1", "2", LONG]),
            ("--list", None),
            nothing_known,
        ]
    if kind == "bench":
        return [out, out, ("--rounds", ["0", "-1", "1.5", "nan", LONG, EVIL]), ("--only", WORDS), nothing_known]
    return [out, ("--jobs", ["0", "-1", "nan", LONG, EVIL]), ("--side", ["keras", *WORDS]), nothing_known]


def faults_of(line: CommandLine) -> list[str]:
    """Run a command line; what must not be.

    Parameters
    ----------
    line : CommandLine
    """
    before = _state(line.folder)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | line.environment
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" {"" if line.streams == "left" else line.streams}', "bash", *line.arguments],
        cwd=line.folder / line.inside,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=_left() if line.streams == "left" else subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, error = b"", b""
    ended, waited = False, 0.0
    while not ended:
        try:
            out, error = process.communicate(timeout=1)
            ended = True
        except subprocess.TimeoutExpired:
            waited += 1
            if waited >= PATIENCE and not _only_waits_for_its_turn(process.pid, waited):
                process.kill()
                process.communicate()
                return ["hangs"]
    printed = ((out or b"") + error).decode("utf-8", "surrogateescape")
    faults = [word for word in ("Traceback", "Exception ignored", "Warning") if word in printed]
    raw = [c for c in sorted(set(printed)) if c in "\x7f\x9b\u202e" or (c < " " and c not in "\n\t")]
    faults += [f"prints {c!r}" for c in raw]
    if process.returncode not in (0, 1, 2, 3):
        faults.append(f"status {process.returncode}")
    elif process.returncode >= 2 and not error and "2>" not in line.streams:
        faults.append("says nothing")
    if any(len(text) > 2100 for text in error.decode("utf-8", "replace").splitlines()):
        faults.append("says too much")
    return faults + _lost(before, _state(line.folder), process.returncode)


def _only_waits_for_its_turn(process: int, waited: float) -> bool:
    """Whether others keep the processors busy, and it has not yet had those seconds of its own."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return fields[0] in "RD" and used < PATIENCE and waited < 12 * PATIENCE


def _left() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def _state(folder: Path) -> dict[str, tuple[int, object]]:
    """Of every path in a folder what it is, and what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        holds: object = None
        if stat.S_ISREG(status.st_mode):
            holds = path.read_bytes() if status.st_size < 10**6 else status.st_size
        elif stat.S_ISLNK(status.st_mode):
            holds = os.readlink(path)
        found[str(path.relative_to(folder))] = (stat.S_IFMT(status.st_mode), holds)
    return found


def _lost(before: dict, after: dict, status: int) -> list[str]:
    own = {"audit/environment.json", "audit/report.html"} if status < 2 else set()
    if status < 2 and after.get("old.xml", (0, b""))[1] not in (b"", None):
        own.add("old.xml")
    faults = [f"lost {name!r}" for name, what in before.items() if name not in own and after.get(name) != what]
    faults += [f"left {name!r}" for name in after if ".neuron-audit-" in name]
    if status >= 2:
        faults += [f"wrote {name!r}" for name in after.keys() - before.keys()]
    for name, (_, holds) in after.items():
        if name not in before and name.endswith(".json"):
            try:
                json.loads(holds)
            except (ValueError, TypeError):
                faults.append(f"half {name!r}")
    for name, (_, holds) in after.items():
        if name.endswith("environment.json") and holds != before.get(name, (0, None))[1]:
            missing = [file for file in json.loads(holds).get("files", []) if f"{name[:-16]}{file}" not in after]
            faults += [f"half {name!r}: {file!r} is missing" for file in missing]
    return faults


def remove(folder: Path) -> None:
    """Remove what was filled."""
    shutil.rmtree(folder)
