r'''Claims: read from a file, decided by three witnesses, with the boundary where the verdict flips.

    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "mine.toml"
    >>> _ = file.write_text("""
    ... [[claim]]
    ... id = "loss-at-minus-one"
    ... says = "The expected loss at w = -1 is 1."
    ... source = "an example"
    ... [[claim.check]]
    ... quantity = "expected_loss"
    ... at = { w = -1.0 }
    ... near = 1.0
    ... within = 1e-12
    ... """)
    >>> from compare.claims import judge, load_claims
    >>> claim, = load_claims(file)
    >>> judge(claim).verdict
    'holds'

The file
========
TOML, UTF-8. ``reading/schema.json`` is the format in full, for editors; the
loader interprets it. One table ``[[claim]]`` for each claim, at most 1000:

``id``
    unique, kebab-case
``says``
    the claim in your own words
``source``
    who makes it; optional: ``paragraph``, ``url``
``expect``
    optional verdict, which makes the claim a regression test
``not_auditable``
    instead of checks: why nothing here can decide it
``experiment``
    what is run; whatever is left out has the default of `reference.Experiment`: ``initial``
    {w, b, v, d}, ``trainable``, ``negative_slope``, ``optimizer`` {name, Keras' arguments},
    ``target`` {w, b, negative_slope}, ``batch_size``, ``steps``, ``seed``, ``dtype``
``vary``
    settings along which to look for a flip, with their range, which includes the claim's own
    value: ``{ momentum = [0.0, 0.99], "initial.w" = { from = -10.0, to = -0.1, claimed = true }
    }``. Settings: "initial.w" (b, v, d), "negative_slope", "batch_size" and every number of
    the optimizer. ``claimed`` says that the claim is meant for the whole range; a flip inside
    then makes it conditional, and what could not be told leaves it undecided.
``check``
    one or more tables ``[[claim.check]]``; the claim holds when all hold

Numbers are the decimals that are written: 0.1 + 0.2 is 0.3. Conditions on a number:
``below``, ``above`` (strict), ``near`` with ``within``; several together must all be met.
``distance_to = c`` puts \|number - c\| in the number's place.

Checks, told apart by ``quantity``
----------------------------------
**Run**, with ``when``: "w", "b", "v", "d" and "expected_loss" have a value at every state,
0 to ``steps``; "loss" (of the batch), "gradient.w" and "step.w" (the change in one update)
at every batch, 0 to ``steps - 1``. ``when`` is "end", "ever", "always" or such a number;
``after = n`` leaves out what comes before::

    quantity = "w"
    when = "always"
    below = 0.0

**steps_until**: how many steps it takes until a condition is met (infinitely many if it
never is)::

    quantity = "steps_until"
    until = { quantity = "w", above = -0.5 }
    below = 500

Both can be **compared with another run**, which differs from the experiment in what
``than`` says, in place of a condition. ``relation`` is "less", "greater", or "near" with
``within``::

    quantity = "w"
    when = "end"
    distance_to = 1.0
    relation = "less"
    than = { optimizer = { name = "Adam", learning_rate = 0.01 } }

The first can be judged for the **share** of starts or seeds for which it holds, with a
confidence interval at ``confidence`` (0.999). ``number`` is 4096 starts, or 64 seeds,
unless given. Seeds are independent, and so are starts with batches of their own, which
they have where that is affordable: with w alone, in short runs, with small batches. Then
the interval is the exact binomial (Clopper-Pearson) one. Otherwise starts share
independent streams of batches, 8 or more, and the interval is one for the streams' shares
that holds whatever their distribution; it is narrowed where the same starts, run without
noise and with far more of it, show that batches decide little. Members that cannot tell
are counted, and the interval covers both outcomes for them::

    quantity = "w"
    when = "end"
    near = 1.0
    within = 0.1
    share = { of = "starts", initial = { w = { normal = [0.0, 1.0] } }, near = 0.5, within = 0.05 }
    # { uniform = [-1.7, 1.7] }; parameters not named keep the experiment's start

**Surface**, with ``at``, one point or several: "expected_loss", "expected_gradient.w",
"expected_hessian.w.b", and, with an x, "prediction" = v phi(w x + b) + d and its derivatives
"prediction_gradient.x", ".w", ".b", ".v", ".d". b, v, d are 0, 1, 0 unless given; slope and
target are the experiment's. ``side`` = "left" or "right" takes the limit of a derivative
from that side. Instead of a condition, ``equals`` is a formula in w, b, v, d, x and
negative_slope, met within ``within``::

    quantity = "expected_gradient.w"
    at = [{ w = -3.0 }, { w = -0.01 }]
    equals = "w"
    within = 1e-12

"minimum.w" (b, v, d, loss): the global minimum over the trained parameters, the others as
they start. "convex" with ``is = true`` or ``false``: the expected loss over the same.
"critical_point" with ``at`` and ``is``: a kind of `compare.surface.critical_points`, or
"none". "crossings" with ``line = { at_zero, slope }`` and ``above = n``: the line crosses the
expected loss over w more than n times.

**Kink**: "kink_derivative" of ``function`` "relu", "leaky_relu" (with ``negative_slope``),
"maximum" or "abs" at 0: with ``side`` "left" or "right" the one-sided derivative, with
``framework`` "tensorflow", "jax", "torch" or "installed" (all there are) what it returns.

**Keras as installed**: "default" of an ``argument`` ``of`` a public name; "accepts", whether
a class can be constructed with ``arguments``; "exists"::

    quantity = "default"
    of = "keras.optimizers.Adam"
    argument = "epsilon"
    equals = 1e-7

    quantity = "accepts"
    of = "keras.optimizers.SGD"
    arguments = { lr = 0.01 }
    is = false

**update**: the rule by which the experiment's optimizer updates each parameter, held
against every recorded step. Assignments in order; on the right w, its gradient g, the step
t = 1, 2, ..., the optimizer's settings by name, and its slots before the step by letter (m
momentum, v velocity, v_hat, a average_gradient) or name; on the left what is new of them,
or a name of your own. Everything that is assigned and recorded is compared::

    quantity = "update"
    rule = { m = "momentum * m - learning_rate * g", w = "w + m" }

**formula**: arithmetic at a point, with a condition::

    quantity = "formula"
    formula = "(max(h, 0) - max(-h, 0)) / (2 * h)"
    at = { h = 0.001 }
    near = 0.5
    within = 0.0

Formulas know ``+ - * / **`` (constant exponents), comparisons, ``a if c else b``, and, or,
not, sqrt, abs, exp, log, sign, max, min, pi. They are parsed, never executed as Python.

Limits
======
Of a run longer than 100,000 steps, or of more than 20 million samples, the reference and
Keras make the first steps only (Keras at most 20,000), and the exact witness decides. A
rule is as sharp as the run it is held against: where the gradient is large, epsilon is
lost in rounding; a start near the minimum shows it. A rule that no recorded step can tell
from another, because nothing moves, is undecided.

How far is looked
=================
Along the **steps** the expected dynamics are followed to 100 times the stated number, but not
beyond 200,000 steps where w alone is trained by SGD, 20,000 with other optimizers, and 10,000
with biases, if the claim itself does not go farther; batches as far as the seeds can be run
in a second or so. The verdict says to where. With w alone and without biases the
expected dynamics are computed in as many decimal digits as it takes, so that neither chaos
nor convergence nor underflow leaves wrong digits; else they are floats, with a second run
from a start a little off that says how far to trust them.

Along a **setting** the expected dynamics are asked at 17 values, and on either side of the
stated one the nearest flip is narrowed down; over a claimed range at 33 (17 with biases), and
at up to 96 (32) more where the number comes near its threshold. The reference's seeds are
asked on either side of each flip; where the noise of their batches moves it, the verdict
says between what. Over a claimed range they are asked at 9 values (5), and between any two
that differ. A window narrower than all that is not seen.

A flip of the expected dynamics that no seed follows decides nothing, and is a remark. A
start at exactly w = b = 0 is decided by relu'(0) = 0, which every framework takes; where
another value would decide otherwise, that is the boundary.

Verdicts
========
holds
    all witnesses that can say something say so
refuted
    all say that it is false as stated
conditional
    true for some seeds only, or true as stated and false beyond a boundary: when the run goes
    on, or inside a ``claimed`` range
undecided
    decided by underflow or rounding; too few members for a share; a part of what is claimed
    that could not be told; a witness missing that is needed
not auditable
    by its own statement
'''

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compare.claims.judging import judge, judge_all
    from compare.claims.reading.load import ClaimFileError, load_claims
    from compare.claims.values import VERDICTS, Claim
    from compare.claims.verdicts import Boundary, Verdict, Witness
    from compare.claims.witnesses.shared_runs import SharedRuns

__all__ = [
    "VERDICTS",
    "Boundary",
    "Claim",
    "ClaimFileError",
    "SharedRuns",
    "Verdict",
    "Witness",
    "judge",
    "judge_all",
    "load_claims",
]

_HOMES = {
    "judging": ("judge", "judge_all"),
    "reading.load": ("ClaimFileError", "load_claims"),
    "values": ("Claim", "VERDICTS"),
    "verdicts": ("Boundary", "Verdict", "Witness"),
    "witnesses.shared_runs": ("SharedRuns",),
}


def __getattr__(name: str) -> Any:
    """What this package exports, imported when it is asked for: reading claims takes a tenth of what judging does."""
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
