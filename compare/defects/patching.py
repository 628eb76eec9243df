"""Plant a defect for a while, and take it out again.

A `Substitution` compiles the module's changed source and swaps the `__code__` of the
function it touches. The function object stays the same, so whoever imported it, wherever,
runs the changed code. A `Replacement` is an attribute that is set and set back.
"""

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from types import CodeType, FunctionType
from typing import Any

from compare.defects.defect import Replacement, Substitution
from reference import experiment

__all__ = ["changed_code", "in_blocks", "planted"]


@contextmanager
def planted(patches: Iterable[Substitution | Replacement]) -> Iterator[None]:
    """Apply patches inside the with block, and undo them on leaving, also after an error.

    Parameters
    ----------
    patches : iterable of Substitution or Replacement

    Raises
    ------
    ValueError
        If a text to be replaced does not occur exactly once, or is not inside a function.

    Examples
    --------
    >>> import numpy as np
    >>> from reference import phi
    >>> with planted([Substitution("reference.neuron", "return np.maximum(z, 0)", "return np.abs(z)")]):
    ...     phi(np.array([-2.0, 1.0]), 0.0)
    array([2., 1.])
    >>> phi(np.array([-2.0, 1.0]), 0.0)
    array([0., 1.])
    """
    patches = tuple(patches)
    changed = changed_code([patch for patch in patches if isinstance(patch, Substitution)])
    with ExitStack() as stack:
        for function, code in changed:
            stack.enter_context(_recoded(function, code))
        for patch in patches:
            if isinstance(patch, Replacement):
                stack.enter_context(_replaced(patch))
        yield


@contextmanager
def in_blocks(samples: int | None) -> Iterator[None]:
    """Cut long runs into blocks of so many samples inside the with block; None changes nothing.

    Examples
    --------
    >>> from reference import Experiment, iterate_batches
    >>> with in_blocks(8):
    ...     [len(x) for x, y in iterate_batches(Experiment(steps=5, batch_size=4))]
    [2, 2, 1]
    """
    name, usual = "SAMPLES_PER_BLOCK", experiment.SAMPLES_PER_BLOCK
    importers = [m for m in list(sys.modules.values()) if getattr(m, "__dict__", {}).get(name) is usual]
    for module in importers:
        setattr(module, name, usual if samples is None else samples)
    try:
        yield
    finally:
        for module in importers:
            setattr(module, name, usual)


def changed_code(patches: Iterable[Substitution]) -> list[tuple[FunctionType, CodeType]]:
    """Find the functions that substitutions touch, and compile what they become.

    Substitutions of one module are made together, so several may touch one function.
    """
    by_module: dict[str, list[Substitution]] = {}
    for patch in patches:
        by_module.setdefault(patch.where, []).append(patch)
    changed = []
    for module, substitutions in by_module.items():
        source = after = inspect.getsource(importlib.import_module(module))
        touched: dict[str, None] = {}  # in order
        for patch in substitutions:
            touched[_enclosing(source, patch)] = None
            after = after.replace(patch.old, patch.new)
        changed += [(_function(module, qualname), _code(after, module, qualname)) for qualname in touched]
    return changed


@contextmanager
def _recoded(function: FunctionType, code: CodeType) -> Iterator[None]:
    before, attributes = function.__code__, dict(vars(function))
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = before
        vars(function).clear()  # a defect may have kept something there
        vars(function).update(attributes)


@contextmanager
def _replaced(patch: Replacement) -> Iterator[None]:
    path, _, name = patch.where.replace(":", ".").rpartition(".")
    owner = pkgutil.resolve_name(path)
    inherited = name not in vars(owner)
    original = getattr(owner, name)

    @wraps(original)  # Keras reads the signature
    def replaced(*arguments: Any, **options: Any) -> Any:
        return patch.function(original, *arguments, **options)

    setattr(owner, name, replaced)
    try:
        yield
    finally:
        if inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, original)


def _enclosing(source: str, patch: Substitution) -> str:
    """Qualified name of the function or method whose text a substitution changes."""
    where = f"{patch.where}: {patch.old!r}"
    if source.count(patch.old) != 1:
        raise ValueError(f"{where} must occur once, occurs {source.count(patch.old)} times")
    line = source.count("\n", 0, source.index(patch.old) + len(patch.old) - len(patch.old.lstrip())) + 1
    body, path = ast.parse(source).body, []
    while True:
        nodes = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        here = [node for node in nodes if node.lineno <= line <= (node.end_lineno or node.lineno)]
        if not here:
            raise ValueError(f"{where} must be inside a function")
        path.append(here[0].name)
        if isinstance(here[0], ast.FunctionDef):
            return ".".join(path)
        body = here[0].body


def _function(module: str, qualname: str) -> FunctionType:
    thing: Any = importlib.import_module(module)
    for name in qualname.split("."):
        thing = inspect.getattr_static(thing, name)
    function: FunctionType = inspect.unwrap(getattr(thing, "fget", thing))
    return function


def _code(source: str, module: str, qualname: str) -> CodeType:
    """Compile a module's source and pick the code of one of its functions."""
    filename = inspect.getsourcefile(importlib.import_module(module)) or module
    waiting = [compile(source, filename, "exec", dont_inherit=True)]
    while waiting:
        code = waiting.pop()
        if code.co_qualname == qualname:
            return code
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    raise ValueError(f"{module} has no function {qualname}")
