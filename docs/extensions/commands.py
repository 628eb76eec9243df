"""The directive ``command``: a command's flags, taken from its argument parser.

.. command:: compare.run

shows what the parser of ``python -m compare.run`` knows. ``.. commands::`` shows every command there is.
"""

import argparse
import importlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
PACKAGES = ("compare", "keras_impl")


def command_names() -> list[str]:
    """Every module of the packages that is run with ``python -m``."""
    found = []
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        code = path.read_text(encoding="utf-8")
        if 'if __name__ == "__main__":' in code and "\ndef main(" in code:
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__main__" else parts))
    return sorted(found, key=lambda name: (name != "compare.run", name))


def parser_of(name: str) -> argparse.ArgumentParser:
    """Return the argument parser of a command, as its module makes it."""
    try:
        module = importlib.import_module(f"{name}.__main__")
    except ModuleNotFoundError:
        module = importlib.import_module(name)
    return module._parser()


def described(parser: argparse.ArgumentParser) -> list[str]:
    """What a parser knows, as reStructuredText."""
    lines = [parser.description or "", ""]
    for action in parser._actions:  # argparse has no public way to list them
        if isinstance(action, argparse._HelpAction):
            continue
        names = ", ".join(action.option_strings) or f"{action.metavar or action.dest} {_number(action)}"
        argument = ""
        if action.option_strings and action.nargs != 0:
            values = "|".join(map(str, action.choices)) if action.choices else action.dest.upper()
            argument = f" {action.metavar or values}"
        text = (action.help or "") % {**vars(action), "prog": parser.prog}
        lines += [f"``{names.strip()}{argument}``", f"    {_plain(text)}", ""]
    if parser.epilog:
        lines += [_plain(parser.epilog), ""]
    return lines


def _number(action: argparse.Action) -> str:
    """How often an argument without a flag may be given."""
    return {"*": "...", "+": "..."}.get(str(action.nargs), "")


def _plain(text: str) -> str:
    return re.sub(r"([*`|_\\])", r"\\\1", text[:1].upper() + text[1:])


class CommandDirective(Directive):
    """The flags of one command."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Describe the command named by the argument."""
        return _parsed(self, described(parser_of(self.arguments[0])))


class CommandsDirective(Directive):
    """A section for every command."""

    def run(self) -> list[nodes.Node]:
        """Describe all commands."""
        sections: list[nodes.Node] = []
        for name in command_names():
            title = f"python -m {name}"
            section = nodes.section(ids=[nodes.make_id(name)], names=[nodes.fully_normalize_name(title)])
            section += nodes.title("", "", nodes.literal("", title))
            section += _parsed(self, described(parser_of(name)))
            self.state.document.note_explicit_target(section)
            sections.append(section)
        return sections


def _parsed(directive: Directive, lines: list[str]) -> list[nodes.Node]:
    holder = nodes.Element()
    directive.state.nested_parse(StringList(lines, source="argument parser"), directive.content_offset, holder)
    return holder.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("command", CommandDirective)
    app.add_directive("commands", CommandsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
