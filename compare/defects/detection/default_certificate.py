"""What a certificate sees of a defect with nothing but its defaults, on the run that somebody would try."""

from typing import NamedTuple

from compare import Certificate, certify
from compare.defects.families import Family
from compare.defects.patching import in_blocks
from reference.subject import Subject

__all__ = ["ByDefault", "certify_run"]


class ByDefault(NamedTuple):
    """The verdict of a certificate, and where it disagrees first.

    Parameters
    ----------
    killed : bool
        Whether it does not agree.
    lane : str or None
        Of the first disagreement, as the certificate calls it; None if there is none.
    step : int or None
    quantity : str or None
    """

    killed: bool
    lane: str | None = None
    step: int | None = None
    quantity: str | None = None

    @classmethod
    def of(cls, certificate: Certificate) -> "ByDefault":
        """What there is to keep of a certificate."""
        if certificate.agrees:
            return cls(killed=False)
        first = certificate.first_disagreement
        return cls(True) if first is None else cls(True, first.lane, first.step, first.quantity)


def certify_run(family: Family, subject: Subject) -> Certificate:
    """Certify the run of a family as somebody would who gives the experiment and no more.

    The subject is that of the family, and a new one if something in its path was patched.
    """
    with in_blocks(family.samples_per_block):
        return certify(family.run, subject=subject)
