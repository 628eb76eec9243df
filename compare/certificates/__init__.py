"""What `certify` does: two implementations on the same batches, lane by lane, within derived bounds."""

from compare.certificates.certificate import Certificate
from compare.certificates.certification import certify
from compare.certificates.differences import Disagreement

__all__ = ["Certificate", "Disagreement", "certify"]
