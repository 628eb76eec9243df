"""The directive ``certificate``: what `compare.certify` prints, made when the pages are built.

.. certificate:: Experiment(initial=Parameters(w=-1.0), batch_size=64, steps=100)
   :lines: lockstep, free run

shows the lines that begin with one of these, in the order in which they are printed; without ``lines`` all of them.
"""

from functools import cache
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx


@cache
def printed(expression: str) -> list[str]:
    """Lines of the certificate of an experiment, given as Python; each is made once."""
    import reference
    from compare import certify

    experiment = eval(expression, {name: getattr(reference, name) for name in reference.__all__})  # our own pages'
    return str(certify(experiment)).splitlines()


def chosen(lines: list[str], wanted: list[str]) -> list[str]:
    """Those lines that begin with one of the wanted words; a word that begins none is a mistake."""
    idle = [word for word in wanted if not any(line.startswith(word) for line in lines)]
    if idle:
        raise ValueError(f"no line of the certificate begins with {', '.join(idle)}")
    return [line for line in lines if line.startswith(tuple(wanted))]


class CertificateDirective(Directive):
    """A certificate, or some lines of it."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"lines": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Certify, and show."""
        lines = printed(" ".join(self.arguments[0].split()))
        if "lines" in self.options:
            try:
                lines = chosen(lines, [word.strip() for word in self.options["lines"].split(",")])
            except ValueError as error:
                raise self.error(str(error)) from error
        text = "\n".join(lines)
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("certificate", CertificateDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
