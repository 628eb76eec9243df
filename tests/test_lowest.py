"""The lowest versions that are allowed are those that `make test-lowest` installs."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENT = re.compile(r"([A-Za-z0-9-]+)(?:\[[a-z]+\])?>=([0-9.]+)")


def lower_bounds(project):
    """Name and lowest version of everything that a project asks for."""
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    found = [REQUIREMENT.fullmatch(requirement) for requirements in lists for requirement in requirements]
    assert all(found), "every dependency has a lowest version"
    return {(one[1].lower(), _padded(one[2])) for one in found}


def pinned(text):
    """Name and version of each line of a file of constraints."""
    lines = [line.split("==") for line in text.splitlines() if line and not line.startswith("#")]
    return {(name.lower().replace("_", "-"), _padded(version)) for name, version in lines}


def _padded(version):
    """Without zeros at the end: 2.1 is 2.1.0."""
    return re.sub(r"(\.0)+$", "", version)


def test_what_is_installed_at_the_lowest_is_what_is_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert lower_bounds(project) - pinned((ROOT / "constraints-lowest.txt").read_text(encoding="utf-8")) == set()


def test_a_bound_that_is_not_tested_is_seen():
    project = {"dependencies": ["numpy>=2.1"], "optional-dependencies": {"a": ["dask[distributed]>=2024.8"]}}
    assert lower_bounds(project) - pinned("# so\nnumpy==2.1.0\ndask==2024.8.0\n") == set()
    assert lower_bounds(project) - pinned("numpy==2.2.0\ndask==2024.8.0\n") == {("numpy", "2.1")}
