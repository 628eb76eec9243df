"""Claims as rows of the page: the verdict as a sentence, then the picture, numbers, bars and story behind it."""

from compare.report.claim_rows.rows import ClaimRow, rows

__all__ = ["ClaimRow", "rows"]
