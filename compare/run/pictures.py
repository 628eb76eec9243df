"""The pictures of an audit, drawn when there is time for it."""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from compare.claims import SharedRuns, Verdict
from compare.question.audit import Finding
from reference import Trajectory

if TYPE_CHECKING:
    from compare.figures import Picture  # which imports matplotlib

    Drawn = Picture | Future[Picture]  # here, or by another process

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
        self._studies: list[Drawn] = []
        self._of_runs: list[Drawn] = []
        self._beside: dict[str, Future[Picture]] = {}
        self._begun = False
        self._of_claims = bool(options.files) or options.explain is not None or options.only is not None
        self._left = [(self._studies, self._study())] if of_source and options.only is None else []
        if self._of_claims:
            self._left.append((self._studies, self._made_ready()))

    def begin(self, findings: Sequence[Finding], pool: Executor | None) -> None:
        """Let the runs of the source be drawn too, from the last picture on by the pool, once it has time for it."""
        if findings and not self._begun:
            from compare.figures.gallery.draw import draw_scene, scenes_of

            scenes = scenes_of({finding.case.id: finding.trajectory for finding in findings})
            if pool is not None:
                for name in reversed(scenes):
                    self._beside[name] = pool.submit(draw_scene, name, scenes[name], self._folder)
            self._left.append((self._of_runs, (self._draw_scene(name, runs) for name, runs in scenes.items())))
        self._begun = True

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
        drawn = [*self._of_runs, *self._studies, *self._draw_claims(verdicts, shared)]
        return [picture.result() if isinstance(picture, Future) else picture for picture in drawn]

    def _study(self) -> "Iterator[Drawn]":
        from compare.figures.gallery.studies import draw_each_study

        yield from draw_each_study(self._folder, seed=self._options.seed, dtype=self._options.dtype)

    def _made_ready(self) -> "Iterator[Drawn]":
        """No picture, but what draws those of claims is imported, which takes a while."""
        import compare.claims.telling.picture  # noqa: F401  who draws them finds it imported

        yield from ()

    def _draw_scene(self, name: str, runs: dict[str, Trajectory]) -> "Drawn":
        """A picture of runs, unless it is left to the pool, which has begun with it."""
        from compare.figures.gallery.draw import draw_scene

        beside = self._beside.get(name)
        return draw_scene(name, runs, self._folder) if beside is None or beside.cancel() else beside

    def _draw_claims(self, verdicts: Sequence[Verdict], shared: SharedRuns) -> "Iterator[Picture]":
        if self._of_claims:
            from compare.claims.telling.picture import draw_claim

            drawn = (draw_claim(verdict, shared, self._folder) for verdict in verdicts)
            yield from islice((picture for picture in drawn if picture is not None), MOST_OF_CLAIMS)
