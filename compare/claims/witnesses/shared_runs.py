"""Runs, certificates and critical points that several claims use, each computed once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

import reference
from compare.claims.findings import Finding
from compare.claims.values import Check
from compare.claims.verdicts import Share
from compare.claims.witnesses.descent.decimal_descent import DecimalDescent
from compare.claims.witnesses.descent.float_descent import ShadowedDescent, without_sampling_settings
from compare.claims.witnesses.keras_runs import KerasRun, KerasRuns, KerasSide
from compare.claims.witnesses.paths.path import Path
from compare.claims.witnesses.seeds.batch_streams import Squares, half_squares
from compare.claims.witnesses.seeds.many_runs import Request, affordable_steps, run_expected, run_together
from compare.claims.witnesses.seeds.offset_runs import offset_path
from reference import Experiment, Parameters, Trajectory

if TYPE_CHECKING:
    from keras_impl import Recorder

__all__ = ["FEW", "SEEDS", "SharedRuns", "affordable", "seeds_for"]

Key = TypeVar("Key")
Value = TypeVar("Value")

SEEDS = 32  # run at least, of every experiment as it is stated
FEW = 4  # seeds of longer runs, and of runs for many values of a setting
USUAL_SAMPLES = 2_500_000  # of one seed, up to which all `SEEDS` are run
MOST_SAMPLES = 32_000_000  # of all seeds together, where one takes more than that
MOST_KERAS_STEPS = 20_000


def seeds_for(samples: int) -> int:
    """Number of seeds that are affordable on either side of a boundary, for runs of so many samples each.

    Examples
    --------
    >>> seeds_for(2_000_000), seeds_for(8_000_000), seeds_for(10**9)
    (32, 4, 1)
    """
    return SEEDS if samples <= USUAL_SAMPLES else min(SEEDS, max(1, MOST_SAMPLES // samples))


class SharedRuns:
    """Makes runs, each once, and keeps them.

    Parameters
    ----------
    recorder : keras_impl.Recorder, optional
        With whose graphs Keras runs in this process.
    keras : KerasSide, optional
        Whoever else has Keras; without either it is left out.

    Examples
    --------
    >>> shared = SharedRuns()
    >>> shared.descent(Experiment()) is shared.descent(Experiment(seed=1, steps=5))
    True
    """

    def __init__(self, recorder: "Recorder | None" = None, *, keras: KerasSide | None = None) -> None:
        self.keras = keras if recorder is None else KerasRuns(recorder)
        self.shares: dict[tuple[int, str, float, int], tuple[Any, Share]] = {}
        self._decimal_descents: dict[Experiment, DecimalDescent] = {}
        self._float_descents: dict[Experiment, ShadowedDescent] = {}
        self._paths: dict[Request, Path] = {}
        self._expected: dict[Request, Path] = {}
        self._offsets: dict[tuple[Experiment, int], Path | None] = {}
        self._kept: dict[Any, Squares] = {}
        self._squares: dict[Any, list[tuple[int, Squares]]] = {}
        self._trajectories: dict[Experiment, Trajectory] = {}
        self._points: dict[Any, tuple[Any, ...]] = {}

    def descent(self, experiment: Experiment) -> DecimalDescent | ShadowedDescent:
        """The exact witness's run, which can be continued."""
        key = without_sampling_settings(experiment)
        if not DecimalDescent.takes(key):
            return self.float_descent(key)
        return _once(self._decimal_descents, key, lambda: DecimalDescent(key))

    def float_descent(self, experiment: Experiment) -> ShadowedDescent:
        """The exact witness's run in floats, for where decimals take too long."""
        key = without_sampling_settings(experiment)
        return _once(self._float_descents, key, lambda: ShadowedDescent(key))

    def exact_path(self, experiment: Experiment) -> Path:
        """The exact witness's run of the experiment's steps."""
        return self.descent(experiment).path(experiment.steps)

    def prepare_expected(self, requests: Iterable[Request]) -> None:
        """Run requests on the expected loss, unless they were run before, those of a kind together."""
        self._expected |= run_expected(request for request in requests if request not in self._expected)

    def expected_path(self, request: Request) -> Path:
        """The exact witness's run from many starts."""
        self.prepare_expected([request])
        return self._expected[request]

    def prepare(self, requests: Iterable[Request]) -> None:
        """Run requests on batches, unless they were run before; those that share batches together."""
        self._paths |= run_together((request for request in requests if request not in self._paths), self._kept)

    def reference_path(self, request: Request) -> Path:
        """The reference's run over seeds or starts."""
        self.prepare([request])
        return self._paths[request]

    def offset_path(self, experiment: Experiment, seeds: int) -> Path | None:
        """The reference's float64 run with w as the distance from its limit; None where that is impossible."""
        return _once(
            self._offsets,
            (experiment, seeds),
            lambda: offset_path(experiment, seeds, self._squares_of(experiment, seeds)),
        )

    def _squares_of(self, experiment: Experiment, seeds: int) -> Iterator[tuple[int, Squares]]:
        """What `half_squares` draws for an experiment, drawn once for all that have the same batches."""
        key = (experiment.seed, experiment.batch_size, experiment.dtype, seeds)
        blocks = self._squares.setdefault(key, [])
        if not blocks or blocks[-1][0] + len(blocks[-1][1].above) < experiment.steps:
            blocks[:] = half_squares(experiment, experiment.steps, seeds)
        for at, squares in blocks:
            rows = max(0, experiment.steps - at)
            if rows:
                yield at, Squares(squares.above[:rows], squares.below[:rows])

    def trajectory(self, experiment: Experiment) -> Trajectory:
        """The reference's run of the first seed, slots included; where Keras is at hand, the run that was certified."""
        experiment = affordable(experiment)
        if self.keras is not None:
            return self.keras_run(experiment).reference
        return _once(self._trajectories, experiment, lambda: reference.train(experiment))

    def keras_run(self, experiment: Experiment) -> KerasRun:
        """Keras' run, compared step by step with the reference's; a long one is cut.

        Raises
        ------
        ValueError
            If Keras is left out.
        """
        return self._side().run(affordable(experiment))

    def keras_installed(self, check: Check) -> Finding | None:
        """What the installed Keras says of a check that takes no run."""
        return self._side().installed(check)

    def _side(self) -> KerasSide:
        if self.keras is None:
            raise ValueError("these runs leave Keras out")
        return self.keras

    def forget_runs(self) -> None:
        """Free the memory of all runs except those of Keras; they are computed again on demand."""
        self.shares.clear()
        for runs in (
            self._decimal_descents,
            self._float_descents,
            self._paths,
            self._expected,
            self._offsets,
            self._kept,
            self._squares,
            self._trajectories,
        ):
            runs.clear()

    def keras_path(self, experiment: Experiment) -> Path:
        """Keras' run as a path of one member."""
        run = self.keras_run(experiment).keras
        return path_of(run, cut=run.experiment.steps < experiment.steps)

    def critical_points(self, experiment: Experiment) -> tuple[Any, ...]:
        """Critical points of the expected loss in the trained parameters, with the others fixed at their start."""
        from compare.surface import critical_points

        names, slope, target = experiment.trainable, experiment.negative_slope, experiment.target
        fixed = Parameters(w=1.0)._replace(
            **{n: float(getattr(experiment.initial, n)) for n in Parameters._fields if n not in names}
        )
        return _once(
            self._points,
            (names, slope, target, fixed),
            lambda: critical_points(trainable=names, negative_slope=slope, target=target, parameters=fixed),
        )


def _once(made: dict[Key, Value], key: Key, make: Callable[[], Value]) -> Value:
    """The value stored for a key; computed and stored first if there is none."""
    if key not in made:
        made[key] = make()
    return made[key]


def affordable(experiment: Experiment) -> Experiment:
    """An experiment, cut to the number of steps that Keras can afford."""
    steps = min(affordable_steps(experiment), MOST_KERAS_STEPS)
    return experiment if steps == experiment.steps else replace(experiment, steps=steps)


def path_of(run: Trajectory, cut: bool = False) -> Path:
    """A recorded run of a single neuron as a path with one member, arrays of shape (states, 1)."""

    def column(values: Any) -> Any:
        return None if values is None else np.reshape(values, (-1, 1))

    return Path(
        run.experiment,
        Parameters(*(column(p) for p in run.parameters)),
        Parameters(*(column(g) for g in run.gradient)),
        column(run.loss),
        float(np.finfo(run.experiment.dtype).tiny),
        cut,
    )
