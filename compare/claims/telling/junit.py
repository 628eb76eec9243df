"""Verdicts as JUnit XML, which continuous integration reads."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from compare.claims.verdicts import Verdict

__all__ = ["to_junit"]

# What XML 1.0 cannot hold in any form.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(verdicts: Sequence[Verdict], name: str = "claims") -> str:
    """Write verdicts as a test suite: one test case for each claim.

    A claim is a failure if its ``expect`` is not met, an error if witnesses contradict each
    other beyond rounding, and skipped if it has no ``expect``, or one that could not be
    decided because Keras was left out. The verdict is in the system-out of each case. The
    same verdicts give the same XML.
    """
    suite = ET.Element("testsuite", name=_text(name), tests=str(len(verdicts)))
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for verdict in verdicts:
        claim = verdict.claim
        case = ET.SubElement(suite, "testcase", classname=_text(claim.source), name=_text(claim.id))
        if verdict.contradictions:
            counts["errors"] += 1
            ET.SubElement(case, "error", message=_text("; ".join(verdict.contradictions)))
        elif verdict.as_expected is False:
            counts["failures"] += 1
            message = f"expected {claim.expect}, is {verdict.verdict}: {verdict.why}"
            ET.SubElement(case, "failure", message=_text(message))
        elif verdict.as_expected is None:
            counts["skipped"] += 1
            reason = "nothing is expected" if claim.expect is None else verdict.why
            ET.SubElement(case, "skipped", message=_text(reason))
        said = f"{claim.says}\n{verdict.verdict}: {verdict.why}\n{verdict.number}"
        ET.SubElement(case, "system-out").text = _text(said)
    for word, count in counts.items():
        suite.set(word, str(count))
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'


def _text(text: str) -> str:
    return _UNWRITABLE.sub("?", text)
