"""Defects planted in the reference's RMSprop."""

from compare.defects.defect import in_source

__all__ = ["DEFECTS"]

MODULE = "reference.optimizers.rmsprop"

_PLAIN_Q = "            q = v + scalar(self.epsilon)"
_CENTERED_Q = "q = v - np.square(a) + scalar(self.epsilon)"

DEFECTS = (
    in_source(
        MODULE,
        "rmsprop-epsilon-outside-root",
        "rmsprop",
        "Epsilon is added after the root is taken.",
        "pytorch/pytorch#23796: epsilon inside the root in TensorFlow, outside in PyTorch",
        (_PLAIN_Q, "            q = np.square(np.sqrt(v) + scalar(self.epsilon))"),
    ),
    in_source(
        MODULE,
        "rmsprop-rho-backwards",
        "rmsprop",
        "rho and 1 - rho are swapped.",
        "Devinterview-io/gradient-descent-interview-questions#1: wrong weights of the running average",
        ('rho * slots["velocity"] + rest * np.square(g)', 'rest * slots["velocity"] + rho * np.square(g)'),
    ),
    in_source(
        MODULE,
        "rmsprop-rho-through-float32",
        "rmsprop",
        "rho is rounded through float32 in float64.",
        "tensorflow/tensorflow#57779: tf.cast of a Python float to float64 loses precision",
        ("rho, rest = scalar(self.rho),", "rho, rest = scalar(np.float32(1) * self.rho),"),
        missed_first=True,
    ),
    in_source(
        MODULE,
        "rmsprop-steps-with-old-moment",
        "rmsprop",
        "The step is scaled by the mean square of the step before.",
        "kozistr/pytorch_optimizer#346: v of this step and of the step before confused",
        (_PLAIN_Q, '            q = slots["velocity"] + scalar(self.epsilon)'),
    ),
    in_source(
        MODULE,
        "rmsprop-momentum-scaled-twice",
        "centered",
        "The momentum is multiplied by the learning rate once more.",
        "BRML/climin#29: the momentum term is multiplied by the step rate again",
        (
            'scalar(self.momentum) * slots["momentum"] + change',
            'scalar(self.learning_rate) * (scalar(self.momentum) * slots["momentum"]) + change',
        ),
    ),
    in_source(
        MODULE,
        "centered-ignored",
        "centered",
        "The mean gradient is kept and not used.",
        "plausible slip: the flag adds the slot only",
        (_CENTERED_Q, "q = v + 0 * a + scalar(self.epsilon)"),
    ),
    in_source(
        MODULE,
        "centered-mean-not-squared",
        "centered",
        "The mean gradient is subtracted without being squared.",
        "plausible slip: the variance written down from memory",
        (_CENTERED_Q, "q = v - np.absolute(a) + scalar(self.epsilon)"),
    ),
)
