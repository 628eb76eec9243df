"""Short formulas in running text stay on one line: ``w < 0`` is not broken behind the w."""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

NUMBER = r"-?\d[\d,.]*(?:e[-+]?\d+)?(?: %)?"
FORMULA = re.compile(
    rf"(?<!\w)[\wµη|²]{{1,2}} [<>=] {NUMBER}"  # w = -10
    r"|\([\wµη]²? [-+] [\wµη]²?\)"  # (w - 1)
    rf"|{NUMBER} %"  # 95 %
)


def joined(text: str) -> str:
    """The text with no-break spaces inside its short formulas."""
    return FORMULA.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)


class JoinFormulas(SphinxPostTransform):
    """Do so in every text that is not code."""

    default_priority = 900

    def run(self, **kwargs: Any) -> None:
        """Replace the texts."""
        code = (nodes.literal, nodes.literal_block, nodes.doctest_block, nodes.raw, nodes.math, nodes.math_block)
        for text in list(self.document.findall(nodes.Text)):
            if FORMULA.search(text) and not any(isinstance(around, code) for around in _ancestors(text)):
                text.parent.replace(text, nodes.Text(joined(text)))


def _ancestors(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(JoinFormulas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
