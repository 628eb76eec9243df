"""The directive ``solution``: what it holds is folded, and opens at a click, without a script."""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx


class SolutionDirective(Directive):
    """Paragraphs, formulas and examples that a reader should not see at once."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Put the content into an HTML element that opens."""
        self.assert_has_content()
        holder = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, holder)
        opens = nodes.raw("", '<details class="solution"><summary>Solution</summary>', format="html")
        return [opens, *holder.children, nodes.raw("", "</details>", format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("solution", SolutionDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
