"""What one witness says about one check, in a form that all kinds of checks share."""

from typing import NamedTuple

__all__ = ["Finding"]


class Finding(NamedTuple):
    """One witness on one check.

    Parameters
    ----------
    met : bool or None
        Whether the check holds; None if the witness cannot tell.
    number : float or None
        The number that decides.
    says : str
        It in words, with a place or a step where that helps.
    reason : str
        Why the witness cannot tell, where it cannot.
    share : tuple of int or None
        Of several seeds or starts: for how many it holds, of how many that can tell, of how
        many.
    """

    met: bool | None
    number: float | None = None
    says: str = ""
    reason: str = ""
    share: tuple[int, int, int] | None = None
