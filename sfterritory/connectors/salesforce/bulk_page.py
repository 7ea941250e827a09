"""One fetched page of a Bulk result: CSV on disk, checked before and while it is read."""

from __future__ import annotations

import csv
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

from sfterritory.connectors.salesforce.faults import BadAnswerError

RUN_AGAIN = "run again: it goes on after the last page that was stored whole"
_START_ANEW = "pull this object from its beginning"
_CHUNK_BYTES = 1 << 18
_BETWEEN_ROWS, _BETWEEN_CELLS = b'"\n"', b'","'  # Salesforce quotes every value
_END_OF_COPY = b"\n\\."  # older PostgreSQL takes it for the end of the data, in quotes too


class PageScan:
    """What the bytes of a page tell at the speed of a search, chunk by chunk.

    Attributes:
        digest: Checksum and length; two pages with rows are never equal.
    """

    def __init__(self) -> None:
        self.digest = (0, 0)
        self._quotes = 0
        self._row_gaps = self._cell_gaps = 0
        self._ends_copy = False
        self._tail = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        checksum, length = self.digest
        self.digest = (zlib.crc32(chunk, checksum), length + len(chunk))
        self._quotes += chunk.count(b'"')
        seam = self._tail + chunk
        self._row_gaps += seam.count(_BETWEEN_ROWS)
        self._cell_gaps += seam.count(_BETWEEN_CELLS)
        self._ends_copy = self._ends_copy or _END_OF_COPY in seam
        self._tail = seam[-2:]

    def looks_like(self, rows: int, *, width: int) -> bool:
        """Tell whether the page is whole with so many rows; where not, only parsing it tells.

        Text can hold what stands between rows or cells. Such a page is parsed once more.
        """
        return (
            self._row_gaps == rows
            and self._cell_gaps == (rows + 1) * (width - 1)
            and self._quotes % 2 == 0
            and self._tail.rstrip(b"\n")[-1:] == b'"'
        )

    @property
    def can_be_copied(self) -> bool:
        """Tell whether PostgreSQL may read the CSV as it is."""
        return not self._ends_copy


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page on disk: its bytes without NUL, and what the answer's headers said of it.

    Attributes:
        rows: How many the page has, as announced.
        scan: Of its bytes.
        doing: What is being read, for messages.
    """

    spool: SpooledTemporaryFile[bytes]
    rows: int
    next_locator: str | None
    scan: PageScan
    doing: str

    def check(self, fields: Sequence[str]) -> None:
        """Refuse a page that is not whole, before a row of it is used.

        Raises:
            BadAnswerError: The page is torn or short, or has other columns than those asked for.
        """
        self._check_header(fields)
        if not self.scan.looks_like(self.rows, width=len(fields)):
            deque(self.read(fields), maxlen=0)

    def read(self, fields: Sequence[str]) -> PageRows:
        """Return the rows of a page with these fields, to be read once."""
        return PageRows(self, tuple(fields))

    def _check_header(self, fields: Sequence[str]) -> None:
        try:
            header = next(self.csv(), None)
        except (csv.Error, UnicodeDecodeError) as error:
            raise self.torn(error) from error
        if header is None and self.rows:
            raise self.short(read=0)
        if header is not None and [n.casefold() for n in header] != [n.casefold() for n in fields]:
            raise BadAnswerError(
                f"{self.doing}: asked for {', '.join(fields)}; the page has {', '.join(header)}",
                remedy=_START_ANEW,
            )

    def csv(self) -> Iterator[list[str]]:
        """Return a reader of the page from its beginning, header line included."""
        self.spool.seek(0)
        # lines end at \n alone: text may hold other characters that Python takes for an end
        return csv.reader(map(bytes.decode, self.spool), strict=True)

    def torn(self, error: Exception) -> BadAnswerError:
        """Return the error of a page that is no CSV."""
        return BadAnswerError(
            f"{self.doing}: a page is not whole CSV ({type(error).__name__}: {error})",
            remedy=RUN_AGAIN,
        )

    def short(self, *, read: int) -> BadAnswerError:
        """Return the error of a page with another number of rows than announced."""
        return BadAnswerError(
            f"{self.doing}: a page announced {self.rows:,} rows and held {read:,}",
            remedy=RUN_AGAIN,
        )


class PageRows:
    """The rows of a page, to be read once: row by row, or as the CSV they came in."""

    def __init__(self, page: PageFile, fields: tuple[str, ...]) -> None:
        self._page = page
        self._fields = fields
        self.were_read = False

    def __iter__(self) -> Iterator[Sequence[str]]:
        """Yield rows of the right width; at the end, hold their number against the header's.

        Raises:
            BadAnswerError: The page is torn or short.
        """
        page, width, read = self._page, len(self._fields), 0
        reader = page.csv()
        try:
            next(reader, None)
            for row in reader:
                if len(row) != width:
                    raise BadAnswerError(
                        f"{page.doing}: row {read + 1} of a page has {len(row)} of {width} values",
                        remedy=RUN_AGAIN,
                    )
                read += 1
                yield row
        except (csv.Error, UnicodeDecodeError) as error:
            raise page.torn(error) from error
        self.confirm(read)

    def csv_chunks(self) -> Iterator[bytes] | None:
        """Return the CSV with its header line, None where only the rows are safe to use."""
        if not self._page.scan.can_be_copied:
            return None
        self._page.spool.seek(0)
        return iter(lambda: self._page.spool.read(_CHUNK_BYTES), b"")

    def confirm(self, rows: int) -> None:
        """Take note that so many rows were read.

        Raises:
            BadAnswerError: They are not as many as the page announced.
        """
        if rows != self._page.rows:
            raise self._page.short(read=rows)
        self.were_read = True
