"""What is asked of the defects of every subject, and of the families that they are tried on."""

import pkgutil

import pytest

from compare.defects.defect import Replacement, Substitution
from compare.defects.detection.default_certificate import ByDefault, certify_run
from compare.defects.detection.lanes import look
from compare.defects.detection.opening import new_subject
from compare.defects.families import FAMILIES
from compare.defects.patching import changed_code, planted


@pytest.fixture(scope="session")
def by_default():
    """What a certificate says by default of a family's run with a defect planted, or with none."""

    def of(family, patches=()):
        subject = new_subject(FAMILIES[family])
        with planted(patches):
            return ByDefault.of(certify_run(FAMILIES[family], subject))

    return of


@pytest.fixture(scope="session")
def in_lanes():
    """What the lanes see on a family's short experiments with a defect planted, or with none."""

    def of(family, patches=(), side=None):
        subject = new_subject(FAMILIES[family])
        with planted(patches):
            return look(FAMILIES[family], subject, side)

    return of


def state_of(patches):
    """Whatever stands where patches are made: the functions themselves, and the code of those that are rewritten."""
    replaced = [pkgutil.resolve_name(patch.where) for patch in patches if isinstance(patch, Replacement)]
    rewritten = changed_code([patch for patch in patches if isinstance(patch, Substitution)])
    return [*replaced, *(function.__code__ for function, _ in rewritten)]


@pytest.fixture(scope="session")
def inside_and_after():
    """For each place of a defect, whether it is another while it is planted, and again what it was afterwards."""

    def of(defect):
        before = state_of(defect.patches)
        with planted(defect.patches):
            replaced = [pkgutil.resolve_name(p.where) for p in defect.patches if isinstance(p, Replacement)]
            rewritten = [p for p in defect.patches if isinstance(p, Substitution)]
            other = [one is not another for one, another in zip(replaced, before, strict=False)]
            if rewritten:  # the source is as it was, so the functions are found as they are
                other += [f.__code__ not in before for f, _ in changed_code(rewritten)]
        after = state_of(defect.patches)
        return other, [one is another for one, another in zip(before, after, strict=True)]

    return of
