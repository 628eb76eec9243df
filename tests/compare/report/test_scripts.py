"""The page's scripts, which become one: what one declares, no other may declare again."""

import re
from collections import Counter
from importlib import resources

from compare.report import SCRIPTS

DECLARED = re.compile(r"^(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)


def test_no_name_is_declared_twice():
    folder = resources.files("compare.report").joinpath("script")
    names = Counter(
        name for script in SCRIPTS for name in DECLARED.findall(folder.joinpath(f"{script}.js").read_text("utf-8"))
    )
    assert len(names) > 40
    assert [name for name, times in names.items() if times > 1] == []


def test_every_script_is_part_of_the_page():
    folder = resources.files("compare.report").joinpath("script")
    assert {f"{name}.js" for name in SCRIPTS} == {entry.name for entry in folder.iterdir()}


def test_nothing_is_declared_that_the_page_does_not_use():
    folder = resources.files("compare.report").joinpath("script")
    whole = "\n".join(folder.joinpath(f"{script}.js").read_text("utf-8") for script in SCRIPTS)
    assert [name for name in DECLARED.findall(whole) if len(re.findall(rf"\b{name}\b", whole)) < 2] == []
