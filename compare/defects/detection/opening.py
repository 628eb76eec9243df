"""The subject that a family is run on, opened when it is needed."""

from compare.defects.families import Family
from compare.subjects import open_subject
from compare.system.command_line import start_keras
from reference.subject import Subject

__all__ = ["new_subject", "remembering_subject"]


def new_subject(family: Family) -> Subject:
    """A new one, which runs what is planted in its path at the time.

    Graphs, compiled scans and what was asked once belong to the instance.

    Parameters
    ----------
    family : Family

    Returns
    -------
    Subject

    Raises
    ------
    ImportError
        If what it needs cannot be imported.
    """
    return open_subject(family.subject, family.mode if family.subject == "keras" else None)


def remembering_subject(family: Family) -> Subject:
    """One of the system as it is, for all defects of the reference in turn.

    That of Keras keeps its records, and runs nothing twice.

    Raises
    ------
    KerasMissing, ImportError
        If what it needs cannot be imported.
    """
    if family.subject != "keras":
        return new_subject(family)
    start_keras()
    from compare.defects.detection.caching_recorder import CachingRecorder

    return CachingRecorder(family.mode)
