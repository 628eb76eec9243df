"""Defects of optax' optimizers, and of the transformations that they are chained of."""

import pkgutil
from typing import Any

from compare.defects.defect import Defect, Replacement, defects

__all__ = ["DEFECTS"]

_SGD = "optax:sgd"
_ADAMW = "optax:adamw"
_TRACE = "optax._src.transform:trace"


def _optax() -> Any:
    """Optax, imported when a scan is traced."""
    return pkgutil.resolve_name("optax")


def _jnp() -> Any:
    return pkgutil.resolve_name("jax.numpy")


def _with(where: str, **changed: Any) -> Replacement:
    """An optimizer that is made with other settings."""

    def make(original: Any, *settings: Any, **more: Any) -> Any:
        return original(*settings, **more | changed)

    return Replacement(where, make)


def _averaged_trace(original: Any, decay: Any, nesterov: bool = False, **more: Any) -> Any:
    scale = _optax().scale(1 - decay)
    inner = original(decay=decay, nesterov=nesterov, **more)

    def update(updates: Any, state: Any, parameters: Any = None) -> Any:
        scaled, _ = scale.update(updates, scale.init(updates))
        return inner.update(scaled, state, parameters)

    return _optax().GradientTransformation(inner.init, update)


def _moments_as_they_are(original: Any, moment: Any, decay: Any, count: Any) -> Any:
    return moment


def _corrected_one_step_late(original: Any, moment: Any, decay: Any, count: Any) -> Any:
    return original(moment, decay, count + 1)


def _saturating(original: Any, count: Any) -> Any:
    return _jnp().minimum(original(count), 256)


def _decay_unscaled(original: Any, rate: Any, *, weight_decay: float, **settings: Any) -> Any:
    parts = _optax()
    return parts.chain(
        parts.scale_by_adam(**settings), parts.scale_by_learning_rate(rate), parts.add_decayed_weights(-weight_decay)
    )


def _decay_first(original: Any, rate: Any, *, weight_decay: float, **settings: Any) -> Any:
    parts = _optax()
    return parts.chain(
        parts.add_decayed_weights(weight_decay), parts.scale_by_adam(**settings), parts.scale_by_learning_rate(rate)
    )


def _clipped(original: Any, rate: Any, **settings: Any) -> Any:
    return _optax().chain(_optax().clip(1.0), original(rate, **settings))


def _zeros_where_not_finite(original: Any, parameters: Any, updates: Any) -> Any:
    finite = {name: _jnp().where(_jnp().isfinite(update), update, 0) for name, update in updates.items()}
    return original(parameters, finite)


def _updates_a_bit_larger(original: Any, parameters: Any, updates: Any) -> Any:
    return original(parameters, {name: update * (1 + 1e-6) for name, update in updates.items()})


def _through_half_precision(original: Any, parameters: Any, updates: Any) -> Any:
    low = {name: update.astype("float16").astype(update.dtype) for name, update in updates.items()}
    return original(parameters, low)


DEFECTS: tuple[Defect, ...] = (
    *defects(
        "formula",
        {
            ("jax-trace-averaged", "jax-momentum"): (
                "Gradients enter the trace times 1 - momentum.",
                "NVIDIA-NeMo/Emerging-Optimizers#166: momentum is averaged where it is thought to be summed",
                Replacement(_TRACE, _averaged_trace),
            ),
            ("jax-nesterov-ignored", "jax-nesterov"): (
                "Nesterov's form is asked for, and plain momentum is taken.",
                "plausible slip: a flag that is not passed on",
                _with(_SGD, nesterov=False),
            ),
            ("jax-adam-no-bias-correction", "jax-adam"): (
                "The moments of Adam are not bias-corrected.",
                "keras-team/keras#13577: an option to leave out Adam's bias correction",
                Replacement("optax.tree:bias_correction", _moments_as_they_are),
            ),
            ("jax-amsgrad-corrected-late", "jax-amsgrad"): (
                "Moments are bias-corrected as if they were one step older.",
                "plausible slip: a count increased before and after",
                Replacement("optax.tree:bias_correction", _corrected_one_step_late),
            ),
            ("jax-amsgrad-over-uncorrected-moment", "jax-amsgrad"): (
                "AMSGrad takes the maximum of what is not bias-corrected.",
                "google-deepmind/optax#1389: the maximum is taken after the correction here, before it elsewhere",
                _with("optax:amsgrad", bias_correction_nu=False),
            ),
            ("jax-decay-not-scaled", "jax-adamw"): (
                "The decay is not multiplied by the learning rate.",
                "google-deepmind/optax#292: the decay is added before the learning rate scales both, the paper after",
                Replacement(_ADAMW, _decay_unscaled),
            ),
            ("jax-decay-coupled", "jax-adamw"): (
                "The decay goes through the moments of AdamW.",
                "google-deepmind/optax#364: whether decay or Adam comes first in a chain is asked",
                Replacement(_ADAMW, _decay_first),
            ),
            ("jax-rmsprop-epsilon-outside-root", "jax-rmsprop"): (
                "Epsilon is added to the root.",
                "google-deepmind/optax#532: epsilon is inside the root in optax and outside of it in PyTorch",
                _with("optax:rmsprop", eps_in_sqrt=False),
            ),
        },
    ),
    *defects(
        "not finite",
        {
            ("jax-infinite-updates-zeroed", "jax-diverging"): (
                "An update that is not finite counts as 0.",
                "pyro-ppl/numpyro#956: an update is to be skipped where something is not a number",
                Replacement("optax:apply_updates", _zeros_where_not_finite),
            ),
        },
    ),
    *defects(
        "precision",
        {
            ("jax-updates-off-by-1e-6", "jax-momentum"): (
                "Updates are 1e-6 too large.",
                "plausible slip: a scale divided out again in fewer digits",
                Replacement("optax:apply_updates", _updates_a_bit_larger),
            ),
            ("jax-updates-in-half-precision", "jax-momentum"): (
                "Updates pass through float16.",
                "plausible slip: what is sent to another process has fewer bytes",
                Replacement("optax:apply_updates", _through_half_precision),
            ),
        },
    ),
    *defects(
        "condition",
        {
            ("jax-counter-stops-at-256", "jax-adam"): (
                "Adam's count of steps stops at 256.",
                "pytorch/ao#4915: the step counter saturates where the default dtype is bfloat16",
                Replacement("optax._src.numerics:safe_increment", _saturating),
            ),
            ("jax-gradient-clipped-at-1", "jax-crossing"): (
                "Derivatives beyond 1 are clipped.",
                "plausible slip: a limit that nobody asked for",
                Replacement(_SGD, _clipped),
            ),
        },
    ),
)
