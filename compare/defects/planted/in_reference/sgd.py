"""Defects planted in the reference's SGD."""

from functools import partial

from compare.defects.defect import Substitution, defects

__all__ = ["DEFECTS"]

in_sgd = partial(Substitution, "reference.optimizers.sgd")

_VELOCITY = 'm = slots["momentum"] * mu - g * lr'
_NESTEROV = "m * mu - g * lr if self.nesterov else m"
_SGD_STEP = f"return w + ({_NESTEROV}), {{"

DEFECTS = defects(
    "formula",
    {
        ("learning-rate-off-by-a-thousandth", "sgd"): (
            "The learning rate is 0.1 % too large.",
            "plausible slip: a decay schedule evaluated one step early",
            in_sgd("lr = dtype_of(w).type(self.learning_rate)", "lr = dtype_of(w).type(self.learning_rate * 1.001)"),
        ),
        ("momentum-ignored", "momentum"): (
            "The velocity is the last step alone.",
            "kozistr/pytorch_optimizer#516: the momentum buffer is zeroed before every update",
            in_sgd(_VELOCITY, "m = -(g * lr)"),
        ),
        ("momentum-dampened", "momentum"): (
            "The gradient enters the velocity with the factor 1 - momentum.",
            "HIPS/autograd#289: velocity = mass * velocity - (1 - mass) * g",
            in_sgd(_VELOCITY, 'm = slots["momentum"] * mu - g * lr * (1 - mu)'),
        ),
        ("learning-rate-outside-velocity", "momentum"): (
            "The velocity holds bare gradients, the learning rate comes after: the same until the rate changes.",
            "apache/mxnet#15533: SGD with momentum when the learning rate changes",
            in_sgd(_VELOCITY, 'm = slots["momentum"] * mu - g'),
            in_sgd(_SGD_STEP, "return w + lr * (m * mu - g if self.nesterov else m), {"),
        ),
        ("velocity-used-before-update", "momentum"): (
            "The step is the velocity of the step before.",
            "plausible slip: state updated after it is used",
            in_sgd(_SGD_STEP, 'return w + slots["momentum"], {'),
        ),
        ("velocity-not-kept", "momentum"): (
            "The new velocity is used and thrown away.",
            "deeplearning4j/nd4j#2116: the velocity is copied and the original never updated",
            in_sgd('{"momentum": m}', '{"momentum": slots["momentum"]}'),
        ),
        ("nesterov-ignored", "nesterov"): (
            "Nesterov's form is plain momentum.",
            "plausible slip: the flag is stored and never read",
            in_sgd(_NESTEROV, "m"),
        ),
        ("nesterov-sign", "nesterov"): (
            "Nesterov's step goes against the velocity.",
            "PaddlePaddle/Paddle#12231: wrong sign of mu * velocity in the Nesterov update",
            in_sgd(_NESTEROV, "-(m * mu) - g * lr if self.nesterov else m"),
        ),
        ("nesterov-steps-twice", "nesterov"): (
            "The look-ahead is added to the step, not put in its place.",
            "oysteijo/simd_neuralnet#17: the interim update and the real one are both applied",
            in_sgd(_NESTEROV, "m * mu + m if self.nesterov else m"),
        ),
        ("nesterov-without-factor", "nesterov"): (
            "The look-ahead takes the whole velocity, without the factor momentum.",
            "plausible slip: one of two factors mu forgotten",
            in_sgd(_NESTEROV, "m - g * lr if self.nesterov else m"),
        ),
    },
)
