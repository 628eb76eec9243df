"""Read a claim file: TOML in, claims out, or everything that is wrong with it at once."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from compare.claims.reading.claims import build_claim
from compare.claims.reading.structure import Mistake, schema, structural_mistakes
from compare.claims.values import Claim
from compare.system.files import read_bounded
from reference import Experiment

__all__ = ["ClaimFileError", "load_claims", "read_toml"]

LARGEST_FILE = 4_000_000  # bytes
LONGEST_LINE = 10_000  # characters; keys and numbers of any length cost quadratic time
DEEPEST = 50  # tables and arrays inside each other, of which the format needs seven


class ClaimFileError(ValueError):
    """A claim file that does not follow the format.

    Parameters
    ----------
    lines : tuple of str
        One for each mistake: file, claim, key, value, what is allowed.
    """

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def load_claims(path: str | Path, *, defaults: Experiment | None = None) -> tuple[Claim, ...]:
    '''Read the claims of a file.

    Parameters
    ----------
    path : str or Path
        A TOML file in the format that the docstring of `compare.claims` describes.
    defaults : Experiment, optional
        Of whatever an experiment leaves out; `Experiment()` if not given.

    Returns
    -------
    tuple of Claim
        In the order of the file.

    Raises
    ------
    ClaimFileError
        With a line for every mistake of the file.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "mine.toml"
    >>> _ = file.write_text("""[[claim]]
    ... id = "nice"
    ... says = "It is nice."
    ... suorce = "example"
    ... not_auditable = "A matter of taste." """)
    >>> try:
    ...     load_claims(file)
    ... except ClaimFileError as error:
    ...     for line in error.lines:
    ...         print(line.removeprefix(f"{file}: ")[:53])
    nice: suorce = "example": unknown key; did you mean "
    nice: source: is missing
    '''
    path = Path(path)
    document, rules = read_toml(path), schema()
    outline = {**rules, "properties": {"claim": {**rules["properties"]["claim"], "items": {}}}}
    lines = [f"{path}: {mistake}" for mistake in structural_mistakes(document, outline, rules)]
    claims = document.get("claim")
    if not isinstance(claims, list) or len(claims) > rules["properties"]["claim"]["maxItems"]:
        raise ClaimFileError(tuple(lines))
    loaded: list[Claim] = []
    seen: set[str] = set()
    for number, table in enumerate(claims, 1):
        name = _name(table, number)
        mistakes = structural_mistakes(table, rules["$defs"]["claim"], rules)
        if isinstance(table, dict):
            broken = frozenset(mistake.key.split(".")[0] for mistake in mistakes)
            claim, senseless = build_claim(table, str(path), defaults or Experiment(), broken)
            mistakes += senseless
            loaded += [] if claim is None else [claim]
            identity = table.get("id")
            if isinstance(identity, str):
                mistakes += [Mistake("id", identity, "must be unique in its file")] if identity in seen else []
                seen.add(identity)
        lines += [f"{path}: {name}: {mistake}" for mistake in mistakes]
    if lines:
        raise ClaimFileError(tuple(lines))
    return tuple(loaded)


def _name(table: Any, number: int) -> str:
    """A claim as a message calls it: its id if it has a usable one."""
    identity = table.get("id") if isinstance(table, dict) else None
    is_usable = isinstance(identity, str) and identity.isprintable() and 0 < len(identity) <= 80
    return str(identity) if is_usable else f"claim {number}"


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file that may be anything; ClaimFileError, in one line, where it is no TOML of a sensible size."""
    try:
        raw = read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise ClaimFileError((f"{path}: cannot be read: {error.strerror or error}",)) from None
    if len(raw) > LARGEST_FILE:
        raise ClaimFileError((f"{path}: is too large: at most {LARGEST_FILE} bytes are read",))
    try:
        text = raw.decode("utf-8-sig")  # editors on Windows begin a file with a mark
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ClaimFileError((f"{path}: line {line}: is not UTF-8: byte 0x{raw[error.start]:02x}",)) from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if len(line_text) > LONGEST_LINE:
            raise ClaimFileError((f"{path}: line {number}: is too long: at most {LONGEST_LINE} characters",))
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ClaimFileError((f"{path}: is nested too deeply",)) from None
    except tomllib.TOMLDecodeError as error:
        raise ClaimFileError((f"{path}: is not TOML: {' '.join(str(error).split())}",)) from None
    except ValueError:  # of Python itself, which reads no integer of more than some thousand digits
        most = sys.get_int_max_str_digits()
        long = re.compile(rf"[0-9_]{{{most + 1},}}")
        where = next((f" in line {n}" for n, line in enumerate(text.split("\n"), 1) if long.search(line)), "")
        raise ClaimFileError((f"{path}: holds a number of too many digits{where}: at most {most}",)) from None
    if not _is_flat(document):
        raise ClaimFileError((f"{path}: is nested too deeply",))
    return document


def _is_flat(document: Any) -> bool:
    """Whether nothing is nested more than `DEEPEST` levels; a dotted key nests without any bracket."""
    level = [document]
    for _ in range(DEEPEST):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return not level
