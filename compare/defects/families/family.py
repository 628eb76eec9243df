"""What a kind of defect is tried on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from reference import Experiment

__all__ = ["Family"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """The run that somebody would try, and the short experiments that show more than it does.

    Parameters
    ----------
    run : Experiment
        In float32: what is certified, with nothing but defaults, and what the usual tests
        look at.
    mode : {"graph", "xla", "eager"}
        How TensorFlow runs Keras.
    samples_per_block : int, optional
        Where a long run is cut into blocks, if not at two million samples: a short run
        then has borders as well.
    experiments : mapping of str to Experiment
        Short ones in float64 for the lanes, by what they are for. They differ from each
        other in numbers only, so they share one traced graph in Keras. Empty where the run
        is what there is to look at.
    networks : tuple of str
        Networks of `compare.certificates.exact.cases` for the exact lane; empty where an update rule
        with roots and quotients leaves nothing exact.
    rates : tuple of float
        Learning rates, one after the other, for the run whose learning rate changes;
        empty for none.
    """

    run: Experiment
    mode: str = "graph"
    samples_per_block: int | None = None
    experiments: Mapping[str, Experiment] = field(default_factory=lambda: MappingProxyType({}))
    networks: tuple[str, ...] = ()
    rates: tuple[float, ...] = ()

    @property
    def sharp_run(self) -> Experiment:
        """The same run in float64, where usual tests see most."""
        return replace(self.run, dtype="float64")
