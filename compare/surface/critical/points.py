"""What a stationary point is called, and what is said about it."""

from dataclasses import dataclass

from reference import Parameters

__all__ = ["KINDS", "CriticalPoint"]

KINDS = {
    "global minimum": "attained, and nothing else in the search, infinity included, has a smaller loss",
    "local minimum": "no smaller loss nearby; perhaps a kink, or a set along which the loss is constant",
    "local maximum": "no larger loss nearby; perhaps a kink",
    "saddle": "smaller and larger losses nearby",
    "one-sided stationary": "a kink of the loss: stationary from one side, downhill to another",
    "dead set": "ReLU that no input activates: every derivative is zero, and none says where to go",
    "minimum at infinity": "a parameter without bound: the loss falls towards its limit",
    "saddle at infinity": "a parameter without bound: derivatives vanish, but the loss rises towards its limit",
}


@dataclass(frozen=True)
class CriticalPoint:
    """A point where the expected gradient vanishes, or one of a set of such points.

    Parameters
    ----------
    parameters : Parameters
        Of a set, a representative. An infinite entry is a limit; the surface functions, given these
        parameters, evaluate it where the neuron becomes a line (`arguments.Limit`).
    kind : str
        A key of `KINDS`, whose values say what they mean.
    loss : float
        The same all along a set; at infinity the limit.
    hessian_eigenvalues : tuple of float or None
        Ascending, of the trained parameters; None where the loss has no second
        derivative, and at infinity.
    dimension : int
        0 for a point, 1 for a curve, 2 for a surface.
    family : str
        What the other points of the set are; empty for a point.
    uncertainty : float
        Half the width of the interval that was proved to hold the kink k = -b / w, 0 where
        a formula gave the point.
    error : Parameters or None
        What no derivative of the expected loss exceeds in magnitude there, by more than which
        the point would not be stationary: the rounding of the parameters and of the gradient
        (`polish`). Infinite for what is not trained. None where the loss has no derivative,
        and at infinity where w or v does not come to rest.

    Examples
    --------
    >>> from compare.surface import critical_points
    >>> point, = (p for p in critical_points() if p.kind == "global minimum")
    >>> point.parameters.w, point.loss, point.hessian_eigenvalues
    (1.0, 0.0, (1.0,))
    >>> point.error.w < 2.0**-50
    True
    """

    parameters: Parameters
    kind: str
    loss: float
    hessian_eigenvalues: tuple[float, ...] | None = None
    dimension: int = 0
    family: str = ""
    uncertainty: float = 0.0
    error: Parameters | None = None
