"""The pictures of an audit, drawn when there is time for it."""

import argparse
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from compare.claims import SharedRuns, Verdict
from compare.question.audit import Finding

if TYPE_CHECKING:
    from compare.figures import Picture  # which imports matplotlib

__all__ = ["Drawing"]

MOST_OF_CLAIMS = 12


class Drawing:
    """The source's pictures, or those of the first of the claims that were asked for.

    Parameters
    ----------
    folder : Path
        To be made, for the files.
    options : argparse.Namespace
        Of the command.
    of_source : bool
        Whether runs of the source are among what is run.
    """

    def __init__(self, folder: Path, options: argparse.Namespace, of_source: bool) -> None:
        folder.mkdir()
        self._folder, self._options = folder, options
        self._studies: list[Picture] = []
        self._of_runs: list[Picture] = []
        self._left = [(self._studies, self._study())] if of_source and options.only is None else []

    def begin(self, findings: Sequence[Finding]) -> None:
        """Let the runs of the source be drawn too."""
        if findings:
            self._left.append((self._of_runs, self._draw_runs(findings)))

    def draw_one(self) -> bool:
        """Draw a picture; False if nothing can be drawn any more, or not yet."""
        while self._left:
            drawn, source = self._left[0]
            for picture in source:
                drawn.append(picture)
                return True
            del self._left[0]
        return False

    def finish(self, verdicts: Sequence[Verdict], shared: SharedRuns) -> "list[Picture]":
        """Draw what is left, and claims; all pictures in the order of the page."""
        while self.draw_one():
            pass
        return [*self._of_runs, *self._studies, *self._draw_claims(verdicts, shared)]

    def _study(self) -> "Iterator[Picture]":
        from compare.figures.gallery.studies import draw_each_study

        yield from draw_each_study(self._folder, seed=self._options.seed, dtype=self._options.dtype)

    def _draw_runs(self, findings: Sequence[Finding]) -> "Iterator[Picture]":
        from compare.figures.gallery.draw import draw_each

        yield from draw_each({finding.case.id: finding.trajectory for finding in findings}, self._folder)

    def _draw_claims(self, verdicts: Sequence[Verdict], shared: SharedRuns) -> "Iterator[Picture]":
        if self._options.files or self._options.explain is not None or self._options.only is not None:
            from compare.claims.telling.picture import draw_claim

            drawn = (draw_claim(verdict, shared, self._folder) for verdict in verdicts)
            yield from islice((picture for picture in drawn if picture is not None), MOST_OF_CLAIMS)
