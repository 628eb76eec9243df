"""What things cost, side by side: ``python -m compare.bench``.

`clock`
    processor and wall time, and rounds that interleave what is compared
`one_thread`
    everything on one core, whichever library would rather have more
`plan`, `running`, `results`, `table`
    what is to be measured, measuring it, what came of it, and how it is shown
`problem`, `agreement`
    the ensemble that everybody trains, and the check that it is the same training
`rivals`
    that training in NumPy, JAX, PyTorch, numba and Keras
`trajectory`, `ensembles`, `scaling`, `memory`, `surface`, `start_up`, `certificates`
    the groups of measurements; `groups` lists them

Nothing is timed unless it was first found to compute what the reference computes: on few-bit
numbers exactly, on the numbers it is timed with within the bounds of `compare.rounding`.
"""
