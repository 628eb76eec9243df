"""Defects of JAX' activations and of the mean that is the loss."""

import pkgutil
from typing import Any

from compare.defects.defect import Defect, Replacement, Substitution, defects

__all__ = ["DEFECTS"]

_MEAN = "jax.numpy:mean"


def _jnp() -> Any:
    """JAX' NumPy, imported when a scan is traced."""
    return pkgutil.resolve_name("jax.numpy")


def _default_slope(original: Any, z: Any, negative_slope: float = 0.01) -> Any:
    return original(z)


def _slope_on_both_sides(original: Any, z: Any, negative_slope: float = 0.01) -> Any:
    return negative_slope * original(z, negative_slope)


def _maximum(original: Any, z: Any) -> Any:
    return _jnp().maximum(z, 0)


def _capped(original: Any, z: Any) -> Any:
    return _jnp().minimum(original(z), 6)


def _unbiased(original: Any, squares: Any) -> Any:
    return squares.sum() / (squares.size - 1)


def _in_float32(original: Any, squares: Any) -> Any:
    return original(squares.astype("float32")).astype(squares.dtype)


def _without_outliers(original: Any, squares: Any) -> Any:
    return original(_jnp().where(_jnp().isfinite(squares), squares, 0))


DEFECTS: tuple[Defect, ...] = (
    *defects(
        "formula",
        {
            ("jax-slope-by-default", "jax-output"): (
                "The slope handed to the leaky activation is lost, and JAX' default of 0.01 taken.",
                "plausible slip: an argument that is not passed on",
                Replacement("jax.nn:leaky_relu", _default_slope),
            ),
            ("jax-slope-on-both-sides", "jax-negative"): (
                "The activation is multiplied by its slope on both sides.",
                "plausible slip: a factor outside of the parenthesis",
                Replacement("jax.nn:leaky_relu", _slope_on_both_sides),
            ),
            ("jax-relu-as-maximum", "jax-relu"): (
                "ReLU is the maximum with 0, whose derivative at 0 is 1/2.",
                "jax-ml/jax#37821: the gradient of a maximum with 0 is 1/2 at 0",
                Replacement("jax.nn:relu", _maximum),
            ),
            ("jax-loss-over-n-minus-1", "jax-relu"): (
                "The loss is the sum of squares over n - 1.",
                "plausible slip: the variance of a sample",
                Replacement(_MEAN, _unbiased),
            ),
            ("jax-loss-of-every-pair", "jax-relu"): (
                "The loss is the mean over every pair of a prediction and a label.",
                "jax-ml/jax#2697: arrays of another rank are broadcast in a mean square, and nobody notices",
                Substitution("compare.subjects.jax_optax", "(y_pred - y) ** 2", "(y_pred[:, None] - y) ** 2"),
            ),
        },
    ),
    *defects(
        "not finite",
        {
            ("jax-infinite-squares-left-out", "jax-diverging"): (
                "Squares that are not finite count as 0 in the loss.",
                "facebookresearch/mmf#1073: an option to skip the update where the loss is not a number",
                Replacement(_MEAN, _without_outliers),
            ),
        },
    ),
    *defects(
        "precision",
        {
            ("jax-mean-in-float32", "jax-relu"): (
                "The mean is taken in float32, also of float64.",
                "jax-ml/jax#652: arrays of float64 come out as float32",
                Replacement(_MEAN, _in_float32),
            ),
            ("jax-products-in-bfloat16", "jax-output"): (
                "The weight is multiplied by the samples in bfloat16.",
                "jax-ml/jax#1856: matrices of float32 are multiplied in bfloat16 by default",
                Substitution(
                    "compare.subjects.jax_optax",
                    'parameters["w"] * x',
                    '(parameters["w"].astype("bfloat16") * x.astype("bfloat16")).astype(x.dtype)',
                ),
            ),
        },
    ),
    *defects(
        "condition",
        {
            ("jax-outputs-capped-at-6", "jax-relu"): (
                "ReLU is at most 6.",
                "plausible slip: relu6 in place of relu",
                Replacement("jax.nn:relu", _capped),
            ),
        },
    ),
)
