"""An audit's folder when the process ends in the middle, or is not alone: whole afterwards, always.

A script tries to replace an audit and is ended at its first, second, third ... call of the
system, by each of the signals that end processes.
"""

import json
import signal
import subprocess
import sys

import pytest

SCRIPT = f"""
import json, os, signal, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
import compare.system.exchange, compare.system.folders
from compare.system.command_line import status_of
from compare.system.folders import folder

CALLS = {{"os.rename", "os.link", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "os.chown", "open", "fcntl.flock"}}

def replace(out, text):
    with folder(out) as temporary:
        (temporary / "figures").mkdir()
        (temporary / "figures" / "one.png").write_text(text)
        (temporary / "report.html").write_text(text)
        files = ["environment.json", "figures/one.png", "report.html"]
        (temporary / "environment.json").write_text(json.dumps({{"written_by": "neuron-audit", "files": files}}))
    return 0

def state(out):
    files = [out / name for name in ("report.html", "figures/one.png", "notes.txt")]
    try:
        return [file.read_text() for file in files if file.exists()]
    except OSError as error:
        return [str(error)]

def ended_at(number, sent, out):
    process = os.fork()
    if process:
        return os.waitpid(process, 0)[1]
    sys.stderr = open(os.devnull, "w")
    left = [number]
    def hook(event, arguments):
        if event in CALLS:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), sent)
    def work():
        sys.addaudithook(hook)
        return replace(out, "two")
    status = status_of("a test", work)
    os._exit(100 if left[0] > 0 else status)

base, sent, kind, steps = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
if steps == "two":
    compare.system.exchange._in_one_step = lambda one, other: False
found = []
for number in range(1, 400):
    out = base / str(number) / "audit"
    out.parent.mkdir()
    decoy = out.parent / ".neuron-audit-0123456789abcdef"
    decoy.mkdir()
    (decoy / "mine").write_text("precious")
    if kind != "new":
        out.mkdir()
    if kind == "audit":
        replace(out, "one")
        (out / "notes.txt").write_text("mine")
    status = ended_at(number, sent, out)
    beside = sorted(set(os.listdir(out.parent)) - {{decoy.name, "audit"}})
    after = state(out)
    replace(out, "three")
    last = state(out)
    found.append([number, status, after, beside, last, sorted(os.listdir(out.parent)), (decoy / "mine").read_text()])
    if os.waitstatus_to_exitcode(status) == 100:
        break
print(json.dumps(found))
"""


def ended(tmp_path, *arguments):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) > 10
    return found


@pytest.mark.parametrize("steps", ["one", "two"])
@pytest.mark.parametrize("kind", ["new", "empty", "audit"])
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_wherever_it_ends_the_audit_is_the_old_or_the_new_one(sent, kind, steps, tmp_path):
    mine = ["mine"] if kind == "audit" else []
    old, new, last = ["one", "one", *mine] if kind == "audit" else [], ["two", "two", *mine], ["three", "three", *mine]
    decoy = ".neuron-audit-0123456789abcdef"
    for number, status, after, beside, again, names, precious in ended(tmp_path, sent.value, kind, steps):
        whole = [old, new]
        if (sent, kind, steps) == (signal.SIGKILL, "audit", "two") and after == []:
            assert len(beside) == 1  # between the two steps; the next run gives it back
        else:
            assert after in whole, number
        if sent != signal.SIGKILL:
            assert beside == [], number  # nothing is left
            assert status in (100 << 8, 0, (128 + sent) << 8), number
        assert again == last, number
        assert names == [decoy, "audit"], number
        assert precious == "precious"


TWO_AT_ONCE = f"""
import sys
sys.path[:0] = {sys.path!r}
import json
from pathlib import Path
from compare.system.folders import folder
out, me = Path(sys.argv[1]), sys.argv[2]
for i in range(60):
    with folder(out) as temporary:
        for name in ("report.html", "results.json", me):
            (temporary / name).write_text(f"{{me}} {{i}}")
        files = ["environment.json", "report.html", "results.json"]
        (temporary / "environment.json").write_text(json.dumps({{"written_by": "neuron-audit", "files": files}}))
"""


def test_of_runs_at_the_same_time_the_last_one_wins_as_a_whole(tmp_path):
    import os

    out = tmp_path / "audit"
    names = ["a", "b", "c"]
    processes = [
        subprocess.Popen([sys.executable, "-c", TWO_AT_ONCE, str(out), name], stderr=subprocess.PIPE, text=True)
        for name in names
    ]
    seen = 0
    while any(process.poll() is None for process in processes):
        try:
            opened = os.open(out, os.O_RDONLY)
        except OSError:
            continue
        try:
            texts = []
            for name in ("report.html", "results.json"):
                with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=opened)) as file:
                    texts.append(file.read())
            assert texts[0] == texts[1]
            seen += 1
        except FileNotFoundError:
            pass  # the folder that was opened has been replaced and is going
        finally:
            os.close(opened)
    assert [(process.wait(), process.communicate()[1]) for process in processes] == [(0, "")] * 3
    assert seen > 10
    assert (out / "report.html").read_text() == (out / "results.json").read_text()
    assert sorted(path.name for path in out.iterdir()) == [*names, "environment.json", "report.html", "results.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["audit"]


def test_what_a_running_process_makes_ready_is_not_taken_for_a_leftover(tmp_path):
    from compare.system.folders import folder

    with folder(tmp_path / "a") as one:
        (one / "report.html").write_text("one")
        with folder(tmp_path / "b") as other:
            (other / "report.html").write_text("other")
        assert (one / "report.html").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
