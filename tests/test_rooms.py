"""The rooms of the three packages: what each may import, that nothing goes round, and that none is overcrowded."""

import ast
import graphlib
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("reference", "keras_impl", "compare")
TABLE = tomllib.loads(Path(__file__).with_name("rooms.toml").read_text(encoding="utf-8"))
MOST = 14  # modules side by side in a package


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for room in PACKAGES for path in sorted((ROOT / room).rglob("*.py"))}


def imported(source, known):
    """Modules of ours that a source imports anywhere, also late and for types only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            found = name if name in known else name.rpartition(".")[0]
            if found in known:
                yield found


def graph_of(sources):
    """Which module imports which others."""
    return {module: set(imported(source, sources)) - {module} for module, source in sources.items()}


def circle(graph):
    """Modules that import each other round and round; none is an empty list."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def room_of(module):
    rooms = {name: room for room, names in TABLE["rooms"].items() for name in names}
    fitting = [name for name in rooms if module == name or module.startswith(f"{name}.")]
    return rooms[max(fitting, key=len)]


def arrows(graph):
    """Which room imports which others, each with one import that shows it."""
    return {
        (room_of(module), room_of(other)): f"{module} imports {other}"
        for module, others in graph.items()
        for other in others
        if room_of(module) != room_of(other)
    }


def forbidden(graph):
    return [shown for (room, other), shown in arrows(graph).items() if other not in TABLE["may_import"][room]]


GRAPH = graph_of({module: path.read_text(encoding="utf-8") for module, path in FILES.items()})


def test_every_import_is_an_arrow_that_the_table_allows():
    assert forbidden(GRAPH) == []


def test_every_arrow_of_the_table_is_in_use_and_every_room_has_modules():
    allowed = {(room, other) for room, others in TABLE["may_import"].items() for other in others}
    assert allowed - arrows(GRAPH).keys() == set()
    assert TABLE["rooms"].keys() == TABLE["may_import"].keys() == {room_of(module) for module in FILES}
    assert {name for names in TABLE["rooms"].values() for name in names} <= FILES.keys()


def test_the_arrows_of_the_table_go_round_nowhere():
    assert circle(TABLE["may_import"]) == []


def test_no_module_imports_itself_by_way_of_others():
    assert circle(GRAPH) == []


def test_compare_itself_holds_packages_only():
    assert [path.name for path in (ROOT / "compare").glob("*.py")] == ["__init__.py"]


def test_no_package_is_overcrowded():
    beside = Counter(path.parent for path in FILES.values())
    assert {str(package): count for package, count in beside.items() if count > MOST} == {}


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("compare.rounding.ball", "from compare.certificates.lockstep import Comparison"),
        ("compare.claims.witnesses.exact", "import compare.claims.judging"),
        ("compare.system.files", "def late():\n    from compare.run import claim_files"),
        ("compare.surface.loss", "if TYPE_CHECKING:\n    from compare.theory import slope_study"),
        ("reference.neuron", "from reference import ensembles"),
        ("keras_impl.model", "from compare import certify"),
    ],
)
def test_an_arrow_that_is_not_allowed_is_seen(module, line):
    planted = GRAPH | {module: GRAPH[module] | set(imported(line, FILES))}
    assert len(forbidden(planted)) == 1


@pytest.mark.parametrize(
    "sources",
    [
        {"a": "from b import f", "b": "def g():\n    import a"},
        {"a": "import b.c", "b": "", "b.c": "from b.d import f", "b.d": "from a import f"},
        {"p": "from p.q import f", "p.q": "from p import g"},
    ],
    ids=["late", "by way of three", "a package and its own module"],
)
def test_a_circle_is_seen(sources):
    assert set(circle(graph_of(sources))) == {module for module in sources if sources[module]}
