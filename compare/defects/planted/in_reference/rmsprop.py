"""Defects planted in the reference's RMSprop."""

from functools import partial

from compare.defects.defect import MISSED_FIRST, Substitution, defects

__all__ = ["DEFECTS"]

in_rmsprop = partial(Substitution, "reference.optimizers.rmsprop")

_PLAIN_Q = "            q = v + scalar(self.epsilon)"
_CENTERED_Q = "q = v - np.square(a) + scalar(self.epsilon)"

DEFECTS = defects(
    "formula",
    {
        ("rmsprop-epsilon-outside-root", "rmsprop"): (
            "Epsilon is added after the root is taken.",
            "pytorch/pytorch#23796: epsilon inside the root in TensorFlow, outside in PyTorch",
            in_rmsprop(_PLAIN_Q, "            q = np.square(np.sqrt(v) + scalar(self.epsilon))"),
        ),
        ("rmsprop-rho-backwards", "rmsprop"): (
            "rho and 1 - rho are swapped.",
            "Devinterview-io/gradient-descent-interview-questions#1: wrong weights of the running average",
            in_rmsprop(
                'rho * slots["velocity"] + rest * np.square(g)', 'rest * slots["velocity"] + rho * np.square(g)'
            ),
        ),
        ("rmsprop-rho-through-float32", "rmsprop", MISSED_FIRST): (
            "rho is rounded through float32 in float64.",
            "tensorflow/tensorflow#57779: tf.cast of a Python float to float64 loses precision",
            in_rmsprop("rho, rest = scalar(self.rho),", "rho, rest = scalar(np.float32(1) * self.rho),"),
        ),
        ("rmsprop-steps-with-old-moment", "rmsprop"): (
            "The step is scaled by the mean square of the step before.",
            "kozistr/pytorch_optimizer#346: v of this step and of the step before confused",
            in_rmsprop(_PLAIN_Q, '            q = slots["velocity"] + scalar(self.epsilon)'),
        ),
        ("rmsprop-momentum-scaled-twice", "centered"): (
            "The momentum is multiplied by the learning rate once more.",
            "BRML/climin#29: the momentum term is multiplied by the step rate again",
            in_rmsprop(
                'scalar(self.momentum) * slots["momentum"] + change',
                'scalar(self.learning_rate) * (scalar(self.momentum) * slots["momentum"]) + change',
            ),
        ),
        ("centered-ignored", "centered"): (
            "The mean gradient is kept and not used.",
            "plausible slip: the flag adds the slot only",
            in_rmsprop(_CENTERED_Q, "q = v + 0 * a + scalar(self.epsilon)"),
        ),
        ("centered-mean-not-squared", "centered"): (
            "The mean gradient is subtracted without being squared.",
            "plausible slip: the variance written down from memory",
            in_rmsprop(_CENTERED_Q, "q = v - np.absolute(a) + scalar(self.epsilon)"),
        ),
    },
)
