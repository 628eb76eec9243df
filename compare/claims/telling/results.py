"""Verdicts as results.json has them."""

from typing import Any

from compare.claims.verdicts import Boundary, Verdict, Witness

__all__ = ["to_json"]


def to_json(verdict: Verdict) -> dict[str, Any]:
    """One entry of "claims" in results.json, of strings, numbers, sequences and dicts; numbers may be infinite."""
    claim = verdict.claim
    return {
        "id": claim.id,
        "says": claim.says,
        "source": claim.source,
        "paragraph": claim.paragraph,
        "url": claim.url,
        "verdict": verdict.verdict,
        "why": verdict.why,
        "number": verdict.number,
        "expect": claim.expect,
        "as_expected": verdict.as_expected,
        "witnesses": {name: _witness(witness) for name, witness in verdict.witnesses.items()},
        "boundary": None if verdict.boundary is None else _boundary(verdict.boundary),
        "boundaries": [_boundary(boundary) for boundary in verdict.boundaries],
        "searched": [{"setting": name, "from": low, "to": high} for name, low, high in verdict.searched],
        "checks": [{"says": judged.text, "holds": judged.holds} for judged in verdict.checks],
        "contradictions": verdict.contradictions,
        "notes": verdict.notes,
    }


def _witness(witness: Witness | None) -> dict[str, Any] | None:
    if witness is None:
        return None
    certified = witness.certified
    return {
        "holds": witness.holds,
        "findings": [None if finding is None else finding._asdict() for finding in witness.findings],
        "share": witness.share,
        "interval": witness.interval,
        "certificate": None if certified is None else {"agrees": certified[0] == "agrees", "worst": certified[1]},
    }


def _boundary(boundary: Boundary) -> dict[str, Any]:
    form = boundary.closed_form
    return {
        "setting": boundary.setting,
        "value": boundary.value,
        "holds_below": boundary.below,
        "holds_above": boundary.above,
        "bracket": boundary.bracket,
        "stated": boundary.stated,
        "range": boundary.range,
        "claimed": boundary.claimed,
        "closed_form": None if form is None else {"formula": form[0], "value": form[1]},
        "reference": [{"at": at, "holds": met, "of": of} for at, (met, of) in sorted(boundary.reference.items())],
        "confirmed": boundary.confirmed,
        "with_batches": boundary.with_batches,
        "found_by": boundary.found_by,
        "windows": boundary.windows,
    }
