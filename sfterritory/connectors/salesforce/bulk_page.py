"""One fetched page of a Bulk result: CSV on disk, checked while it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

from sfterritory.connectors.salesforce.faults import BadAnswerError

RUN_AGAIN = "run again: it goes on after the last page that was stored whole"
_START_ANEW = "pull this object from its beginning"


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page on disk: its bytes without NUL, and what the answer's headers said of it.

    Attributes:
        rows: How many the page has, as announced.
        doing: What is being read, for messages.
    """

    spool: SpooledTemporaryFile[bytes]
    rows: int
    next_locator: str | None
    doing: str

    def read(self, fields: Sequence[str], *, missing: int) -> Iterator[Sequence[str]]:
        """Return the rows, after checking the header line; the iterator checks the rest.

        Args:
            fields: The columns asked for, in order.
            missing: Rows that the job processed and no page announced; known on the last page.

        Raises:
            BadAnswerError: The page is torn or short, or has other columns.
        """
        text = io.TextIOWrapper(self.spool, encoding="utf-8", newline="")
        reader = csv.reader(text, strict=True)
        try:
            header = next(reader, None)
        except (csv.Error, UnicodeDecodeError) as error:
            raise self._torn(error) from error
        if header is None and self.rows:
            raise self._short(read=0)
        if header is not None:
            self._check_header(header, fields)
        return self._checked(reader, width=len(fields), missing=missing)

    def _checked(
        self, reader: Iterator[list[str]], *, width: int, missing: int
    ) -> Iterator[Sequence[str]]:
        """Yield rows of the right width; at the end, compare their number with the headers'."""
        read = 0
        try:
            for row in reader:
                if len(row) != width:
                    raise BadAnswerError(
                        f"{self.doing}: row {read + 1} of a page has {len(row)} of {width} values",
                        remedy=RUN_AGAIN,
                    )
                read += 1
                yield row
        except (csv.Error, UnicodeDecodeError) as error:
            raise self._torn(error) from error
        if read != self.rows:
            raise self._short(read=read)
        if missing:
            raise BadAnswerError(
                f"{self.doing}: the pages hold {missing:,} rows fewer than the job processed",
                remedy=_START_ANEW,
            )

    def _check_header(self, header: Sequence[str], fields: Sequence[str]) -> None:
        """Refuse a page whose columns are not the fields asked for, in that order."""
        if [name.casefold() for name in header] != [name.casefold() for name in fields]:
            raise BadAnswerError(
                f"{self.doing}: asked for {', '.join(fields)}; the page has {', '.join(header)}",
                remedy=_START_ANEW,
            )

    def _torn(self, error: Exception) -> BadAnswerError:
        return BadAnswerError(
            f"{self.doing}: a page is not whole CSV ({type(error).__name__}: {error})",
            remedy=RUN_AGAIN,
        )

    def _short(self, *, read: int) -> BadAnswerError:
        return BadAnswerError(
            f"{self.doing}: a page announced {self.rows:,} rows and held {read:,}",
            remedy=RUN_AGAIN,
        )
