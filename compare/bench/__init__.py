"""What things cost, side by side: ``python -m compare.bench``.

`plan`, `measuring`, `clock`
    what is to be measured; measuring it, in rounds that interleave what is compared
`session`, `table`, `machine`
    one run of the command; how what was measured is shown, and what it was measured on
`one_thread`, `elsewhere`, `all_cores`
    everything on one core, whichever library would rather have more; processes for jobs; the group that has all cores
`problem`, `agreement`
    the ensemble that everybody trains, and the check that it is the same training
`rivals`
    that training in NumPy, JAX, PyTorch, numba and Keras
`measurements`
    the groups of measurements

Nothing is timed unless it was first found to compute what the reference computes: on few-bit
numbers exactly, on the numbers it is timed with within the bounds of `compare.rounding`.
"""
