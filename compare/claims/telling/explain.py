"""A claim's story: in a paragraph, then in numbers."""

from compare.claims.boundaries.derivative_at_zero import SETTING
from compare.claims.check_text import shown
from compare.claims.telling.boundary_text import boundary_text
from compare.claims.verdicts import WITNESSES, Boundary, Verdict

__all__ = ["explain", "numbers"]

_OPENINGS = {
    "holds": "The claim holds.",
    "refuted": "The claim is refuted.",
    "conditional": "The claim is true on conditions.",
    "undecided": "The claim is not decided.",
    "not auditable": "The claim cannot be audited.",
}


def explain(verdict: Verdict) -> str:
    """Tell what became of a claim, and why, in a paragraph that is a single line."""
    claim = verdict.claim
    where = f"{claim.source}, {claim.paragraph}" if claim.paragraph else claim.source
    sentences = [f"“{claim.says}” ({where}).", _OPENINGS[verdict.verdict]]
    sentences.append(_sentence(verdict.why))
    if verdict.verdict == "not auditable":
        return " ".join(sentences)
    sentences.append(_sentence(f"what is checked: {'; '.join(judged.text for judged in verdict.checks)}"))
    sentences += _by_witness(verdict)
    sentences += [_boundary(boundary) for boundary in verdict.boundaries]
    sentences += [
        f"In the expected dynamics nothing changes along {setting} from {shown(low)} to {shown(high)}."
        for setting, low, high in verdict.searched
    ]
    sentences += [_sentence(note) for note in verdict.notes]
    sentences += [f"WITNESSES CONTRADICT EACH OTHER: {_sentence(text)}" for text in verdict.contradictions]
    return " ".join(sentence for sentence in sentences if sentence)


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def _by_witness(verdict: Verdict) -> list[str]:
    titles = {"exact": "Exact", "reference": "The reference", "keras": "Keras"}
    sentences = []
    for name in WITNESSES:
        witness = verdict.witnesses[name]
        if witness is None:
            continue
        findings = [finding for finding in witness.findings if finding is not None]
        said = [text for text in (*(f.says for f in findings), *(f.reason for f in findings)) if text]
        text = f"{titles[name]}: {'; '.join(dict.fromkeys(said))}"
        if witness.certified is not None:
            word, worst = witness.certified
            text += f" ({word} with the reference, worst difference {worst:.2g} of its bound)"
        sentences.append(_sentence(text))
    return sentences


def _boundary(boundary: Boundary) -> str:
    text = f"It {boundary_text(boundary)} (stated: {shown(boundary.stated)}{_width(boundary)})"
    if boundary.closed_form is not None:
        formula, value = boundary.closed_form
        equals = "" if formula == shown(value) else f" = {shown(value)}"
        text += f"; in a run of any length the boundary is {formula}{equals}"
    if boundary.reference:
        asked = ", ".join(f"{met} of {of} at {shown(at)}" for at, (met, of) in sorted(boundary.reference.items()) if of)
        agree = {True: "agree", False: "move it, as their batches are noisy", None: "cannot all tell"}
        said = "show it" if boundary.found_by == "reference" else agree[boundary.confirmed]
        text += f"; the reference's seeds {said}" + (f": true for {asked}" if asked else "")
    elif boundary.setting == SETTING:
        text += "; every framework takes 0 for the derivative of ReLU at 0, and another value would tell otherwise"
    else:
        text += "; the reference was not asked, as the run would be too long or another flip too near"
    return text + "."


def _width(boundary: Boundary) -> str:
    """Between what the flip lies, where the value alone would seem to say more."""
    low, high = boundary.bracket
    if "between" in boundary_text(boundary):
        return ""
    narrow = high - low <= 1 if boundary.setting == "steps" else shown(low) == shown(high)
    return "" if narrow else f"; the flip lies between {shown(low)} and {shown(high)}"


def numbers(verdict: Verdict) -> list[tuple[str, str, str]]:
    """Rows of check, witness and what it says, for a table."""
    rows = []
    for i, judged in enumerate(verdict.checks):
        for name in WITNESSES:
            witness = verdict.witnesses[name]
            finding = None if witness is None else witness.findings[i]
            if finding is not None:
                rows.append((judged.text, name, finding.says or finding.reason))
    return rows
