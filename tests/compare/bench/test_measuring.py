"""How measurements are taken and shown: with jobs and numbers that are made up."""

import json
import math
import subprocess
import sys

import pytest

from compare.bench import clock, session
from compare.bench.__main__ import main
from compare.bench.clock import Reading, in_rounds, timed
from compare.bench.machine import describe, footnotes
from compare.bench.measurements import GROUPS
from compare.bench.measuring import Row, measure
from compare.bench.plan import FULL, Goal, Group, Measurement, NotInstalled, Prepared, Size, Wrong
from compare.bench.table import amount, cells, entry, markdown, rich_table

TINY = Size(side=4, samples=16, effort=0.0)


def readings(*seconds):
    """A job that takes what it is told, on the wall twice as long."""
    left = list(seconds)

    def job():
        one = left.pop(0)
        return Reading(one, 2 * one)

    return job


def absent(size):
    raise NotInstalled("nowhere")


def mistaken(size):
    raise Wrong("w is 1.0, exactly 2.0")


def made_up(*, wrong=False):
    """A group with a baseline, something dearer, something missing and perhaps something wrong."""
    rows = [
        Measurement("base", lambda size: Prepared(readings(1.0, 2.0, 4.0), 2.0, {"models": 4})),
        Measurement("dear", lambda size: Prepared(readings(30.0, 20.0, 400.0), 2.0), Goal("ratio", at_least=20.0)),
        Measurement("gone", absent, Goal("ratio", at_least=2.0)),
        *([Measurement("off", mistaken)] if wrong else []),
    ]
    return Group("invented", "{side} starts, batches of {samples}", "s a thing", "base", tuple(rows))


def test_jobs_take_turns_and_ratios_are_taken_within_each_round():
    base, dear, gone = measure(made_up(), TINY, rounds=3)
    assert base.costs == (0.5, 1.0, 2.0)
    assert base.by_the_wall == (1.0, 2.0, 4.0)
    assert base.ratios == ()
    assert dear.ratios == (30.0, 10.0, 100.0)
    assert dear.meets_goal
    assert (gone.costs, gone.note, gone.meets_goal) == ((), "not installed: nowhere", None)


def test_a_ratio_can_have_a_baseline_of_its_own():
    rows = (
        Measurement("a", lambda size: Prepared(readings(1.0), 1.0)),
        Measurement("b", lambda size: Prepared(readings(3.0), 1.0), baseline="a"),
        Measurement("c", lambda size: Prepared(readings(3.0), 1.0), baseline="missing"),
    )
    a, b, c = measure(Group("g", "", "s", "", rows), TINY, rounds=1)
    assert (a.ratios, b.ratios, c.ratios) == ((), (3.0,), ())


def test_where_the_baseline_is_missing_there_are_costs_and_no_ratios():
    rows = (Measurement("base", absent), Measurement("other", lambda size: Prepared(readings(1.0), 1.0)))
    base, other = measure(Group("g", "", "s", "base", rows), TINY, rounds=1)
    assert base.costs == ()
    assert (other.costs, other.ratios) == ((1.0,), ())


def test_memory_is_read_once():
    rows = (Measurement("a", lambda size: Prepared(readings(7e6), 1.0)),)
    (row,) = measure(Group("g", "", "MB", "", rows), TINY, rounds=5)
    assert row.costs == (7.0,)


def test_garbage_is_not_collected_between_jobs_and_again_afterwards():
    import gc

    seen = []
    in_rounds({"a": lambda: seen.append(gc.isenabled()) or Reading(0.0, 0.0)}, 2)
    assert seen == [False, False]
    assert gc.isenabled()


def test_clocks_are_those_of_the_process_and_of_its_children(monkeypatch):
    ticks = iter([1.0, 1.5, 10.0, 12.0])
    monkeypatch.setattr(clock.time, "process_time", lambda: next(ticks))
    assert timed(lambda: None)().amount == 0.5
    child = [sys.executable, "-c", "sum(range(10**6))"]
    assert timed(lambda: subprocess.run(child, check=True), Reading.of_children)().amount > 0


def test_a_table_shows_median_range_ratio_and_what_was_meant():
    rows = measure(made_up(wrong=True), TINY, rounds=3)
    assert [cells(made_up(), row) for row in rows] == [
        ["base (baseline)", "1.00", "0.500 to 2.00", "", "", "", "", ""],
        ["dear", "15.0", "10.0 to 200", "30.0", "10.0 to 100", "", "", "times ≥ 20"],
        ["gone", "not installed: nowhere", "", "", "", "", "", "times ≥ 2"],
        ["off", "wrong, not timed", "", "", "", "", "", ""],
    ]
    missed = Row("slow", costs=(4.0,), by_the_wall=(4.0,), goal=Goal("cost", at_most=3.0))
    assert cells(made_up(), missed)[-1] == "cost ≤ 3, missed"
    table = rich_table(made_up(), TINY, rows)
    assert table.row_count == 4
    assert "4 starts, batches of 16" in str(table.title)


def test_markdown_leaves_empty_columns_out():
    text = markdown(made_up(), TINY, measure(made_up(), TINY, rounds=1))
    assert text.splitlines() == [
        "**invented: 4 starts, batches of 16**",
        "",
        "|  | s a thing | times the baseline | meant to be |",
        "|---|--:|--:|---|",
        "| base (baseline) | 0.500 |  |  |",
        "| dear | 15.0 | 30.0 | times ≥ 20 |",
        "| gone | not installed: nowhere |  | times ≥ 2 |",
    ]


def growing(*rows):
    """A group of jobs that take so many seconds, do so many things of a size, and need so much memory."""

    def measurement(number, seconds, size, times):
        details = {"peak_bytes": size * 1e6}
        return Measurement(
            f"row {number}", lambda any_size: Prepared(readings(seconds), 10.0, details, size=size, times=times)
        )

    return Group("g", "", "s", "", tuple(measurement(number, *row) for number, row in enumerate(rows)))


def test_it_is_told_with_which_power_of_the_size_a_cost_grows():
    group = growing((1.0, 10.0, 1), (8.0, 20.0, 1), (16.0, 80.0, 2), (0.0, 160.0, 1), (1.0, 320.0, 1), (2.0, 320.0, 1))
    rows = measure(group, TINY, rounds=1)
    assert [row.exponent for row in rows] == [
        None,
        3.0,
        0.0,
        None,
        None,
        None,
    ]  # from nothing, or at one size: no power
    assert [row.size for row in rows] == [10.0, 20.0, 80.0, 160.0, 320.0, 320.0]
    assert markdown(group, TINY, rows[:2]).splitlines()[2:] == [
        "|  | s | power of the size | peak MB |",
        "|---|--:|--:|--:|",
        "| row 0 | 0.100 |  | 10 |",
        "| row 1 | 0.800 | 3.00 | 20 |",
    ]
    assert [found["exponent"] for found in entry(group, TINY, rows)["rows"]][:3] == [None, 3.0, 0.0]


def test_where_a_row_is_missing_the_power_is_taken_from_the_one_before_it():
    first, last = growing((1.0, 10.0, 1), (9.0, 30.0, 1)).measurements
    rows = measure(Group("g", "", "s", "", (first, Measurement("gone", absent), last)), TINY, rounds=1)
    assert [row.exponent for row in rows] == [None, None, 2.0]


def test_an_entry_has_every_round():
    found = entry(made_up(wrong=True), TINY, measure(made_up(wrong=True), TINY, rounds=3))
    assert found["unit"] == "s a thing"
    base, dear, gone, off = found["rows"]
    assert base["cost"] == {"median": 1.0, "low": 0.5, "high": 2.0, "rounds": [0.5, 1.0, 2.0]}
    assert base["models"] == 4
    assert dear["ratio"]["rounds"] == [30.0, 10.0, 100.0]
    assert dear["meant"] == {"of": "ratio", "at_least": 20.0, "at_most": None}
    assert dear["as_meant"]
    assert (gone["cost"], gone["note"]) == (None, "not installed: nowhere")
    assert off["note"] == "w is 1.0, exactly 2.0"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (math.inf, "inf"), (999.6, "1000"), (0.0009996, "0.001000"), (-12.34, "-12.3"), (2.5, "2.50")],
)
def test_amounts_have_three_digits(number, text):
    assert amount(number) == text


def test_a_busy_machine_is_told_and_an_idle_one_is_not():
    machine = describe([])
    assert machine["versions"].keys() >= {"numpy", "scipy"}
    busy = footnotes(machine, [Row("a", costs=(1.0,), by_the_wall=(3.0,))])
    assert busy[-1] == "The machine was busy: by the clock on the wall it took 3.0 times as long."
    assert "numpy" in busy[0]
    assert not any("busy" in line for line in footnotes(machine, [Row("a", costs=(1.0,), by_the_wall=(1.0,))]))


def run(monkeypatch, group, *arguments):
    monkeypatch.setattr(session, "GROUPS", (group,))
    return main(list(arguments))


def test_the_command_prints_a_table_and_writes_json_and_markdown(tmp_path, capsys, monkeypatch):
    out = tmp_path / "bench"
    assert run(monkeypatch, made_up(), "--rounds", "3", "--out", str(out)) == 0
    printed = capsys.readouterr()
    assert "10.0 to 100" in printed.out
    assert "not installed: nowhere" in printed.out
    assert printed.err == ""
    report = json.loads((out / "bench.json").read_text())
    assert report["schema"] == 1
    assert report["rounds"] == 3
    assert report["machine"].keys() >= {"processor", "cores", "python", "versions", "one_core", "variables"}
    assert report["groups"] == [json.loads(json.dumps(entry(made_up(), FULL, measure(made_up(), FULL, 3))))]
    assert "| dear | 15.0 |" in (out / "bench.md").read_text()
    assert {path.name for path in out.iterdir()} == {"bench.json", "bench.md", "environment.json"}


def test_quiet_prints_nothing(capsys, monkeypatch):
    assert run(monkeypatch, made_up(), "--rounds", "1", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_what_is_wrong_is_status_1_and_said_on_standard_error(capsys, monkeypatch):
    assert run(monkeypatch, made_up(wrong=True), "--rounds", "1") == 1
    assert capsys.readouterr().err == "WRONG: off: w is 1.0, exactly 2.0\n"


def test_a_missed_number_is_no_error(monkeypatch):
    slow = Measurement("slow", lambda size: Prepared(readings(4.0), 1.0), Goal("cost", at_most=3.0))
    assert run(monkeypatch, Group("g", "", "s", "", (slow,)), "--rounds", "1", "--quiet") == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "ensembels"], "--only ensembels: there is no such group; did you mean 'ensembles'?"),
        (["--rounds", "0"], "must be an integer of at least 1, got '0'"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(arguments, complaint, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_a_folder_of_somebody_else_is_refused_before_anything_is_measured(tmp_path, capsys):
    (tmp_path / "precious").write_text("")
    assert main(["--out", str(tmp_path)]) == 2
    assert "holds other files" in capsys.readouterr().err


def test_an_interrupt_is_one_line_and_writes_nothing(tmp_path, capsys, monkeypatch):
    def stop(size):
        raise KeyboardInterrupt

    out = tmp_path / "bench"
    assert run(monkeypatch, Group("g", "", "s", "", (Measurement("a", stop),)), "--out", str(out)) == 130
    assert capsys.readouterr().err == "compare.bench: interrupted; nothing was written\n"
    assert not out.exists()


def test_listing_needs_nothing_heavy_and_names_every_measurement():
    heavy = "{'keras', 'tensorflow', 'matplotlib', 'jax', 'torch', 'numba'}"
    code = f"""
import sys
from compare.bench.__main__ import main
status = main(["--list"])
sys.exit(status or len({heavy} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for group in GROUPS:
        assert f"{group.name}: " in done.stdout
        assert all(measurement.name in done.stdout for measurement in group.measurements)


def test_the_command_confines_itself_to_one_core_and_one_thread():
    code = """
from compare.bench.one_thread import VARIABLES, core, restart_on_one_core
restart_on_one_core()
import os
print(core() is not None or not hasattr(os, "sched_setaffinity"), all(os.environ[n] == v for n, v in VARIABLES.items()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


def test_on_a_terminal_a_line_says_what_is_going_on_and_goes_away(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with session.progress_line(quiet=False) as announce:
        announce("rounds")
    erased = "\r\x1b[K"
    assert capsys.readouterr().out == f"{erased}rounds ...{erased}"
