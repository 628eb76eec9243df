"""Defects of how PyTorch is driven: the loop over the batches, what is built, and what is written down."""

from functools import partial

from compare.defects.defect import Defect, Substitution, defects

__all__ = ["DEFECTS"]

in_subject = partial(Substitution, "compare.subjects.pytorch")

_STEP = "                optimizer.step()\n"
_KEPT = "                kept[:] = outputs.detach().numpy()[:, 0]\n"
_ROWS = "                rows.append([loss.item(), *(p.grad.item() for p in trained)])\n"
_STATES = "                states.append(self._state())\n"
_BATCHES = "for a in (x, y)"
_UNPACKED = "torch, optimizer, trained, experiment = self.torch, self.optimizer, self.trained, self.experiment\n"
_MADE_OF = "self.torch, self.experiment, self.trained"
_LOSS = "rows.append([loss.item(), "
_GRADIENTS = "losses, *gradients = _columns(rows"
_BETAS = 'settings.pop("beta_1"), settings.pop("beta_2")'

_EPSILON_FORGOTTEN = "vwxyzjn/lm-human-preference-details#23: eps is not passed on to Adam"

DEFECTS: tuple[Defect, ...] = (
    *defects(
        "formula",
        {
            ("torch-gradients-not-zeroed", "torch-relu"): (
                "Gradients are not zeroed between the batches.",
                "pytorch/pytorch#47175: zero_grad is easily forgotten, and gradients add up without a warning",
                in_subject("optimizer.zero_grad()", "pass"),
            ),
            ("torch-optimizer-over-first-parameter", "torch-output"): (
                "The optimizer is built over the first parameter only.",
                "LaurentMazare/ocaml-torch#36: an optimizer that is made before a layer does not move its weights",
                in_subject("experiment, self.trained)", "experiment, self.trained[:1])"),
            ),
            ("torch-betas-swapped", "torch-adam"): (
                "The betas are handed over in the wrong order.",
                "plausible slip: a pair taken for the other way round",
                in_subject(_BETAS, 'settings.pop("beta_2"), settings.pop("beta_1")'),
            ),
            ("torch-epsilon-not-passed", "torch-adam"): (
                "Epsilon is not handed over, and is what it is by default.",
                _EPSILON_FORGOTTEN,
                in_subject('arguments["eps"] = settings', "settings"),
            ),
        },
    ),
    *defects(
        "start",
        {
            ("torch-start-in-half-precision", "torch-slow"): (
                "Parameters start where float16 has them.",
                "plausible slip: a checkpoint of fewer bytes",
                in_subject("parameter.fill_(float(start))", "parameter.fill_(float(np.float16(start)))"),
            ),
            ("torch-untrained-drifts", "torch-untrained"): (
                "What is not trained is multiplied by 0.999 in each step.",
                "plausible slip: a decay of all parameters of the model",
                in_subject(
                    _STEP,
                    f"{_STEP}"
                    "                for frozen in self.model.parameters():\n"
                    "                    if not frozen.requires_grad:\n"
                    "                        frozen.mul_(0.999)\n",
                ),
            ),
        },
    ),
    *defects(
        "records",
        {
            ("torch-record-of-step-before", "torch-relu"): (
                "The states recorded are those before each step.",
                "plausible slip: written down before the step is taken",
                in_subject(f"{_STEP}{_KEPT}{_ROWS}{_STATES}", f"{_STATES}{_STEP}{_KEPT}{_ROWS}"),
            ),
            ("torch-record-loss-after-step", "torch-crossing"): (
                "The loss recorded is that of the parameters after the step.",
                "plausible slip: the loss evaluated once more for the record",
                in_subject(_LOSS, "rows.append([self.loss(self.model(inputs), labels).item(), "),
            ),
            ("torch-record-gradient-of-first-batch", "torch-crossing"): (
                "The gradient recorded is that of the first batch of its block.",
                "plausible slip: a list that is not emptied",
                in_subject(_GRADIENTS, _GRADIENTS.replace("rows", "[[row[0], *rows[0][1:]] for row in rows]")),
            ),
            ("torch-record-loss-as-root", "torch-crossing"): (
                "The loss recorded is the root of the mean square.",
                "plausible slip: RMSE in place of MSE",
                in_subject(_LOSS, "rows.append([loss.sqrt().item(), "),
            ),
        },
    ),
    *defects(
        "borders",
        {
            ("torch-border-loses-state", "torch-momentum-in-blocks"): (
                "Each block of batches begins with a new optimizer.",
                "NM512/dreamerv3-torch#38: where training is resumed, the optimizers begin anew",
                in_subject(
                    _UNPACKED,
                    f"self.optimizer = _build_optimizer({_MADE_OF})\n        {_UNPACKED}",
                ),
            ),
            ("torch-border-steps-once-more", "torch-momentum-in-blocks"): (
                "After each block of batches but the first a step is taken that nobody writes down.",
                "plausible slip: what is left over is flushed, although nothing is",
                in_subject(
                    f"        {_GRADIENTS}",
                    f"        if first_step:\n            optimizer.step()\n        {_GRADIENTS}",
                ),
            ),
        },
    ),
    *defects(
        "data",
        {
            ("torch-labels-of-batch-before", "torch-relu"): (
                "Each batch is trained with the labels of the batch before.",
                "plausible slip: two iterators out of step",
                in_subject(_BATCHES, "for a in (x, np.roll(y, 1, axis=0))"),
            ),
            ("torch-inputs-shuffled-alone", "torch-relu"): (
                "Samples are in another order than their labels.",
                "plausible slip: shuffled twice",
                in_subject(_BATCHES, "for a in (np.ascontiguousarray(x[:, ::-1]), y)"),
            ),
        },
    ),
    *defects(
        "condition",
        {
            ("torch-rate-halved-after-50-steps", "torch-relu"): (
                "After 50 steps the learning rate is half of what it was.",
                "Lornatang/SRGAN-PyTorch#1: a schedule of epochs is followed step by step",
                in_subject(
                    _STEP,
                    f"{_STEP}"
                    "                if first_step + len(rows) == 50:\n"
                    '                    optimizer.param_groups[0]["lr"] /= 2\n',
                ),
            ),
            ("torch-large-gradients-scaled", "torch-crossing"): (
                "A gradient beyond 5 is scaled down to it.",
                "plausible slip: clipping by norm left in from another model",
                in_subject(_STEP, f"                torch.nn.utils.clip_grad_norm_(trained, 5.0)\n{_STEP}"),
            ),
        },
    ),
)
