"""How far the numbers of the runs were compared, counted over all certificates."""

from collections.abc import Sequence
from dataclasses import dataclass

from compare.certificates.specification import short_name_of
from compare.question.audit import Finding

__all__ = ["Trust", "trust_in"]


@dataclass(frozen=True)
class Trust:
    """Runs that were compared and that agree, numbers that were compared, and the largest difference over its bound."""

    runs: int
    agreeing: int
    numbers: int
    worst: float
    subject: str  # who was compared, with version
    short: str  # in a word


def trust_in(findings: Sequence[Finding]) -> Trust | None:
    """Count what was compared; None where nobody was asked.

    Examples
    --------
    >>> trust_in([]) is None
    True
    """
    certificates = [finding.certificate for finding in findings if finding.certificate is not None]
    if not certificates:
        return None
    return Trust(
        len(certificates),
        sum(certificate.agrees for certificate in certificates),
        sum(sum(certificate.compared.values()) for certificate in certificates),
        max(certificate.worst for certificate in certificates),
        certificates[0].subject,
        short_name_of(certificates[0].subject),
    )
