"""Rewrites of the reference that leave its mathematics alone: no lane may take them for defects.

They stand in the gallery beside the defects, planted in the same way, so that the table
shows what survives and why.
"""

from dataclasses import replace

from compare.defects.defect import Defect, in_source

__all__ = ["DEFECTS"]

_NEURON = "reference.neuron"
_SAME = "mathematically equal: "


def _harmless(defect: Defect) -> Defect:
    return replace(defect, changes_mathematics=False, source=f"{_SAME}{defect.source}")


DEFECTS = tuple(
    map(
        _harmless,
        (
            in_source(
                _NEURON,
                "harmless-sum-reversed",
                "output",
                "The gradient of w is summed from the last sample to the first.",
                "another order of the same sum",
                ("(inward * x).sum(axis=-1)", "(inward * x)[..., ::-1].sum(axis=-1)"),
            ),
            in_source(
                _NEURON,
                "harmless-mean-of-quotients",
                "leaky",
                "The loss is the sum of the squares, each divided by n.",
                "the divisor taken into the sum",
                (
                    "np.square(residual).sum(axis=-1) / residual.shape[-1]",
                    "(np.square(residual) / residual.shape[-1]).sum(axis=-1)",
                ),
            ),
            in_source(
                _NEURON,
                "harmless-factor-2-last",
                "leaky",
                "The residual is divided by n first and doubled then.",
                "two factors exchanged",
                ("residual * 2 / x.shape[-1]", "residual / x.shape[-1] * 2"),
            ),
            in_source(
                "reference.optimizers.sgd",
                "harmless-velocity-added-last",
                "momentum",
                "The negative of the step comes first, then the old velocity is added.",
                "a - b = -b + a, also in floating point",
                ('m = slots["momentum"] * mu - g * lr', 'm = -(g * lr) + slots["momentum"] * mu'),
            ),
            in_source(
                "reference.optimizers.adam",
                "harmless-quotient-first",
                "adam",
                "The rate is divided by the root before it meets the moment.",
                "the factors of the step regrouped",
                (
                    "m * alpha / (np.sqrt(v) + scalar(self.epsilon))",
                    "m * (alpha / (np.sqrt(v) + scalar(self.epsilon)))",
                ),
            ),
            in_source(
                "reference.optimizers.rmsprop",
                "harmless-reciprocal-root",
                "rmsprop",
                "The step is multiplied by the reciprocal of the root.",
                "what TensorFlow's graph optimizer does with a quotient by a root",
                ("* g / np.sqrt(q)", "* g * (1 / np.sqrt(q))"),
            ),
        ),
    )
)
