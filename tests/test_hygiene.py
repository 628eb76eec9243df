"""Rules that hold for every file: no tuned tolerance, arrows one way, short files, examples."""

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("reference", "keras_impl", "compare")
FILES = sorted(path for room in (*PACKAGES, "tests") for path in (ROOT / room).rglob("*.py"))
LONGEST = 350

# Where a literal may enter a bound, and why.
MAY_HOLD_TOLERANCES = {
    "compare/rounding": "derives the bounds",
    "compare/surface/errors.py": "proves the error bounds of the exact surface",
    "tests/compare/surface/test_double_double.py": "restates the bounds in the docstrings of double_double",
    "tests/compare/surface/test_gaussian.py": "restates the truncation error that the tail coefficients state",
    "tests/compare/surface/test_critical_random.py": "says which end points of a search are clear enough to ask for",
    "compare/defects/detection/conventional_tests.py": "quotes those of usual tests, to measure what they see",
    "tests/test_hygiene.py": "plants tolerances for the scanner to find",
}

# Single comparisons with a literal that is derived on the spot, and how.
DERIVED_IN_PLACE = {
    "abs(w[-1] - 1) <= 2.0 ** (-50)": "the distance is halved in each of more than fifty steps",
    "abs(value - expected) <= 2.0 ** (-44)": "the stated error of the gradient over a curvature of at least 1/100",
    "abs(expected_loss(point.parameters, **options) - point.loss) <= (LOSS_ERROR + 2.0 ** (-46)) * point.loss": (
        "the far neuron's parameters are rounded, each by 2^-53 of 64 units"
    ),
    "abs(found.d - best.d) < 2.0 ** (-40)": "tells a point at rest from one that is 2^-20 away",
    "found.high - found.low < 2.0 ** (-45)": "some spacings of numbers around 1 to 100, which is as narrow as it gets",
    "abs(found.reference / found.observed - 2) < 2.0 ** (-40)": "tells a factor 2 from 2 n u, which is smaller",
}

COMPARERS = frozenset(
    {"allclose", "isclose", "approx", "almosteq", "assert_allclose", "assert_almost_equal", "assert_approx_equal"}
    | {"assert_array_almost_equal", "assert_array_almost_equal_nulp", "assert_array_max_ulp", "assertAlmostEqual"}
)
KEYWORDS = frozenset(
    {"rtol", "atol", "rel", "abs", "decimal", "rel_tol", "abs_tol", "rel_eps", "abs_eps", "maxulp", "nulp", "places"}
)
TOLERANCE = re.compile(r"(^|_)(r|a|rel|abs)?_?tol(erance)?s?($|_|\d)", re.IGNORECASE)
SMALL = 0.05  # a literal below it that a difference is compared with is a tolerance


def tolerances(tree):
    """Line and reason of every tolerance in a module that is not derived."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if name_of(node.func) in COMPARERS:
                yield node.lineno, f"calls {name_of(node.func)}"
            for keyword in node.keywords:
                if keyword.arg in KEYWORDS and has_number(keyword.value):
                    yield keyword.value.lineno, f"passes {keyword.arg}"
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if TOLERANCE.search(name_of(target)) and has_number(node.value):
                    yield node.lineno, f"assigns {name_of(target)}"
        elif isinstance(node, ast.arguments):
            named = [*node.posonlyargs, *node.args][::-1], node.defaults[::-1]
            for argument, default in [*zip(*named, strict=False), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]:
                if TOLERANCE.search(argument.arg) and has_number(default):
                    yield argument.lineno, f"defaults {argument.arg}"
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for i, operator in enumerate(node.ops):
                less = isinstance(operator, (ast.Lt, ast.LtE))
                more = isinstance(operator, (ast.Gt, ast.GtE))
                if (less or more) and is_difference(sides[i if less else i + 1]):
                    bound = sides[i + 1 if less else i]
                    if has_small_number(bound) and ast.unparse(node) not in DERIVED_IN_PLACE:
                        yield node.lineno, "compares a difference with a small number"


def name_of(node):
    return getattr(node, "attr", getattr(node, "id", ""))


def has_number(node):
    return node is not None and any(
        isinstance(part, ast.Constant) and isinstance(part.value, (int, float)) and not isinstance(part.value, bool)
        for part in ast.walk(node)
    )


def has_small_number(node):
    """A literal such as 1e-6, 2**-20 or 4 * eps; what `gamma` makes of the unit roundoff is derived."""
    derived = {
        id(inner)
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and name_of(part.func) == "gamma"
        for inner in ast.walk(part)
    }
    for part in ast.walk(node):
        if id(part) in derived:
            continue
        if isinstance(part, ast.Constant) and isinstance(part.value, float) and 0 < part.value < SMALL:
            return True
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow) and isinstance(part.right, ast.UnaryOp):
            return has_number(part)
        if isinstance(part, (ast.Attribute, ast.Name)) and name_of(part) in {"eps", "epsilon"}:
            return True
    return False


def is_difference(node):
    return any(
        (isinstance(part, ast.Call) and name_of(part.func) in {"abs", "absolute", "fabs", "norm"})
        or (isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub))
        for part in ast.walk(node)
    )


def relative(path):
    return path.relative_to(ROOT).as_posix()


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def exempt(path):
    return any(relative(path) == place or relative(path).startswith(f"{place}/") for place in MAY_HOLD_TOLERANCES)


def test_no_tolerance_stands_outside_the_bounds_module():
    found = [
        f"{relative(path)}:{line} {reason}"
        for path in FILES
        if not exempt(path)
        for line, reason in tolerances(parse(path))
    ]
    assert found == []


def test_every_exemption_is_in_use():
    assert [place for place in MAY_HOLD_TOLERANCES if not (ROOT / place).exists()] == []
    compared = {ast.unparse(node) for path in FILES for node in ast.walk(parse(path)) if isinstance(node, ast.Compare)}
    assert DERIVED_IN_PLACE.keys() <= compared


PLANTED = [
    "np.allclose(a, b)",
    "assert math.isclose(a, b, rel_tol=0.1)",
    "assert a == pytest.approx(b)",
    "from pytest import approx\nassert a == approx(b, rel=1e-6)",
    "np.testing.assert_allclose(a, b, rtol=1e-7)",
    "np.testing.assert_array_almost_equal(a, b, decimal=6)",
    "close(a, b, atol=2 * 1e-8)",
    "close(a, b, abs=3)",
    "RTOL = 1e-5",
    "abs_tol: float = 2.0**-20",
    "grad_tolerance = 1e-3",
    "def check(a, b, rtol=1e-5): ...",
    "def check(a, b, *, tolerance=1e-5): ...",
    "assert abs(a - b) < 1e-6",
    "assert a - b <= 0.01",
    "assert 1e-6 > np.abs(a - b).max()",
    "assert abs(a - b) <= 1e-12 * abs(b)",
    "assert abs(a - b) <= 2.0**-40",
    "assert abs(a - b) <= 4 * np.finfo(float).eps",
    "assert 0 <= abs(a - b) < 1e-9",
    "assert abs(a - b) <= gamma(4, u) + 1e-9",
]
INNOCENT = [
    "assert abs(a - b) <= ball.bound",
    "assert abs(a - b) <= gamma(4, u) * size",
    "assert abs(a - b) <= gamma(64, 2.0**-53) * size",
    "assert ratio(a, ball) <= 1",
    "assert abs(a) <= 1",
    "learning_rate = 1e-3",
    "assert w < 1e-3",
    "Adam(epsilon=1e-7)",
    "absolute = abs(-3)",
    "total = 3",
    "def train(steps=10, *, record='all'): ...",
    "stolen = 5",
]


@pytest.mark.parametrize("source", PLANTED)
def test_the_scanner_sees_a_planted_tolerance(source):
    assert list(tolerances(ast.parse(source)))


@pytest.mark.parametrize("source", INNOCENT)
def test_the_scanner_lets_derived_bounds_pass(source):
    assert not list(tolerances(ast.parse(source)))


# What each room may import, at the top of a file or inside a function.
MAY_IMPORT = {
    "reference": {"reference", "numpy"},
    "keras_impl": {"reference", "keras_impl", "numpy", "keras", "tensorflow"},
    "compare": {
        "reference",
        "keras_impl",
        "compare",
        "numpy",
        "scipy",
        "matplotlib",
        "PIL",
        "rich",
        "jinja2",
        "mpmath",
    },
}

# What some files may import besides, if it is installed, and why.
MAY_IMPORT_IF_INSTALLED = {
    "compare/bench/rivals/jax_sorted.py": {"jax"},  # measures it
    "compare/bench/rivals/jax_steps.py": {"jax", "optax"},  # measures them
    "compare/bench/rivals/numba_loops.py": {"numba"},  # measures it
    "compare/bench/rivals/torch_loop.py": {"torch"},  # measures it
    "compare/bench/rivals/torch_rivals.py": {"torch"},  # measures it
    "compare/subjects/jax_optax.py": {"jax", "optax"},  # drives them
    "compare/subjects/pytorch.py": {"torch"},  # drives it
    "compare/sweep/cluster.py": {"distributed"},  # the extra "cluster"
    "keras_impl/recorders/jax.py": {"jax"},  # the backend of Keras
    "keras_impl/recorders/torch.py": {"torch"},  # the backend of Keras
    "keras_impl/recorders/x64.py": {"jax"},  # switches its float64 on
}

# Frameworks that need not be installed, and where they may be imported, each when it is first needed.
OPTIONAL = {
    "tensorflow": ("keras_impl",),
    "jax": ("keras_impl/recorders", "compare/subjects", "compare/bench/rivals"),
    "torch": ("keras_impl/recorders", "compare/subjects", "compare/bench/rivals"),
    "optax": ("compare/subjects", "compare/bench/rivals"),
}
AT_ONCE = {"keras_impl/wide_layer.py": {"tensorflow"}}  # nothing in it makes sense without


def imports(tree):
    """Top-level packages a module names in import statements or hands to import_module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and name_of(node.func) in {"import_module", "__import__", "importorskip"}:
            yield from (str(name.value).split(".")[0] for name in node.args[:1] if isinstance(name, ast.Constant))


def misdirected(room, tree):
    return set(imports(tree)) - MAY_IMPORT[room] - sys.stdlib_module_names


def test_arrows_go_one_way_and_keras_is_imported_in_its_room_only():
    found = {
        relative(path): wrong
        for path in FILES
        if (room := relative(path).split("/")[0]) in MAY_IMPORT and (wrong := misdirected(room, parse(path)))
    }
    assert found == MAY_IMPORT_IF_INSTALLED


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("reference", "import scipy.special"),
        ("reference", "def f():\n    import keras"),
        ("reference", "from compare.rounding import Ball"),
        ("reference", "from . import neuron"),
        ("keras_impl", "from compare import certify"),
        ("compare", "import keras"),
        ("compare", "from tensorflow import function"),
        ("compare", "import importlib\nimportlib.import_module('keras.optimizers')"),
    ],
)
def test_an_arrow_the_wrong_way_is_seen(room, source):
    assert misdirected(room, ast.parse(source))


def at_once(tree):
    """Optional frameworks that importing a module imports."""
    waiting, found = list(tree.body), set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and name_of(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= set(imports(ast.Module([node], []))) & OPTIONAL.keys()
        waiting += ast.iter_child_nodes(node)
    return found


def out_of_place(path, tree):
    """Optional frameworks that a file may not import."""
    found = set(imports(tree)) & OPTIONAL.keys()
    return {name for name in found if not path.startswith(tuple(f"{place}/" for place in OPTIONAL[name]))}


def test_frameworks_that_need_not_be_there_are_imported_in_their_places_and_when_needed():
    ours = {relative(path): parse(path) for path in FILES if relative(path).split("/")[0] in PACKAGES}
    assert {path: wrong for path, tree in ours.items() if (wrong := out_of_place(path, tree))} == {}
    assert {path: early for path, tree in ours.items() if (early := at_once(tree))} == AT_ONCE


@pytest.mark.parametrize(
    ("path", "source", "places", "early"),
    [
        ("compare/claims/a.py", "def f():\n    import torch", {"torch"}, set()),
        ("keras_impl/a.py", "def f():\n    from jax import numpy", {"jax"}, set()),
        ("keras_impl/recorders/a.py", "if True:\n    import jax.numpy", set(), {"jax"}),
        ("keras_impl/recorders/a.py", "class A:\n    import torch", set(), {"torch"}),
        ("keras_impl/recorders/a.py", "if TYPE_CHECKING:\n    import jax\nelse:\n    import torch", set(), {"torch"}),
        ("keras_impl/recorders/a.py", "from keras_impl.recorders import jax", set(), set()),
    ],
)
def test_a_framework_out_of_place_or_too_early_is_seen(path, source, places, early):
    assert out_of_place(path, ast.parse(source)) == places
    assert at_once(ast.parse(source)) == early


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_file_is_longer_than_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


# Functions that are exported and have no example, and why.
WITHOUT_EXAMPLE = {
    "compare.figures.draw_all": "writes files",
    "compare.report.render": "returns a page, which its tests read",
}


def exported_functions():
    """Every function in the __all__ of a package, under the name to import it by."""
    for init in sorted(path for room in PACKAGES for path in (ROOT / room).rglob("__init__.py")):
        package = importlib.import_module(".".join(init.parent.relative_to(ROOT).parts))
        for name in getattr(package, "__all__", ()):
            if inspect.isfunction(thing := getattr(package, name)):
                yield f"{package.__name__}.{name}", thing


def test_every_exported_function_has_an_example_or_a_reason():
    missing = {name for name, function in exported_functions() if ">>>" not in (inspect.getdoc(function) or "")}
    assert sorted(missing) == sorted(WITHOUT_EXAMPLE)
