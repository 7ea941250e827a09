"""Travel times of a road engine: what is cached is not asked, what is not answered is estimated."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.connectors.road.block import Block, plan_blocks
from sfterritory.connectors.road.breaker import Breaker
from sfterritory.connectors.road.cells import Cells, RowPair
from sfterritory.connectors.road.engine import Identity, RoadEngine, Table
from sfterritory.connectors.road.halving import Halved, Halving
from sfterritory.connectors.road.place import Keys, points_of
from sfterritory.events import emit
from sfterritory.model.columns import Ints
from sfterritory.model.store.travel_cache import CachedLegs, TravelCache
from sfterritory.model.travel import Forecast, Legs, Points, Quality, TravelTime

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class GraphCache:
    """The part of a cache that holds one road graph's answers."""

    cache: TravelCache
    graph: int

    @classmethod
    def of(cls, cache: TravelCache, identity: Identity, *, otherwise: str) -> GraphCache:
        """Return the part of the graph that answers, `otherwise` where the engine names none."""
        version = identity.graph or otherwise
        return cls(cache, cache.graph(identity.engine, version, identity.profile))

    def known(self, origins: Keys) -> CachedLegs:
        """Return everything known from these origins."""
        return self.cache.legs_from(self.graph, origins)

    def keep(self, legs: CachedLegs) -> None:
        """Store answers at once."""
        self.cache.keep(self.graph, legs)


class RoadTravel:
    """A road engine as `TravelTime`.

    Each block is cached when it arrives. What gets no answer is estimated, times what the
    engine's other answers are of their estimates; after five blocks in a row without an answer
    nothing is asked for a while.

    Args:
        engine: Asked for what is not cached.
        identity: What the engine said of itself.
        name: What a person calls the graph, '' for none.
        cache: Answers so far, of this run or of earlier ones.
        fallback: Reckons what is not answered, before any speed factor.
        speed_factor: Speed compared with the engine's.
        clock: Seconds that only grow, to tell what answers take.
    """

    def __init__(  # noqa: PLR0913 - each is a collaborator that tests put in
        self,
        engine: RoadEngine,
        *,
        identity: Identity,
        name: str,
        cache: GraphCache,
        fallback: TravelTime,
        speed_factor: float,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._halving = Halving(engine)
        self._cache = cache
        self._fallback = fallback
        self._speed_factor = speed_factor
        self._clock = clock
        self._ratio = 1.0
        self._asked_seconds = self._expected_seconds = 0.0
        self.breaker = Breaker(clock)
        self.source = _source(identity, name)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a person should know of the answers so far."""
        if not self.breaker.failures:
            return ()
        many = self.breaker.failures
        failures = f"{many:,} {'request' if many == 1 else 'requests'} got no answer"
        if self.breaker.openings:
            failures += ", and after five in a row nothing was asked for a while"
        return (f"{failures}; the last: {self.breaker.words}",)

    def matrix(self, origins: Points, destinations: Points) -> Legs:
        """Return every origin with every destination, shape (origins, destinations)."""
        return self._legs(origins, destinations, _grid(origins, destinations))

    def pairs(self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints]) -> Legs:
        """Return chosen pairs: row of the origin, row of the destination; shape of `rows[0]`."""
        return self._legs(origins, destinations, rows)

    def forecast(
        self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints] | None = None
    ) -> Forecast:
        """Return what an answer would cost; the cache is read, the engine is not asked."""
        cells, _ = self._cells(origins, destinations, rows or _grid(origins, destinations))
        blocks = [] if self.breaker.is_open else self._blocks(cells)
        measured = self._expected_seconds > 0
        pace = self._asked_seconds / self._expected_seconds if measured else 1.0
        return Forecast(
            legs=len(cells),
            known=int((~cells.open).sum()),
            requests=len(blocks),
            seconds=pace * self._expected(blocks),
            measured=measured,
        )

    def close(self) -> None:
        """Let go of the engine and the cache."""
        self._engine.close()
        self._cache.cache.close()

    def _legs(self, origins: Points, destinations: Points, rows: RowPair) -> Legs:
        cells, cell_of_leg = self._cells(origins, destinations, rows)
        if not self.breaker.is_open:
            self._ask(cells, self._blocks(cells))
        if cells.open.any():
            self._estimate(cells)
        shape = np.shape(rows[0])
        quality = cells.quality[cell_of_leg].reshape(shape)
        return Legs(
            (cells.minutes / self._speed_factor)[cell_of_leg].reshape(shape),
            cells.km[cell_of_leg].reshape(shape),
            quality,
            self._sources(quality),
        )

    def _cells(
        self, origins: Points, destinations: Points, rows: RowPair
    ) -> tuple[Cells, NDArray[np.intp]]:
        """Return the different pairs with what is cached of them, and the pair of each leg."""
        cells, cell_of_leg = Cells.of(origins, destinations, rows)
        cells.fill(self._cache.known(cells.origin), quality=Quality.CACHE)
        return cells, cell_of_leg

    def _blocks(self, cells: Cells) -> list[Block]:
        limits = self._engine.limits
        return plan_blocks(cells.origin[cells.open], cells.destination[cells.open], limits=limits)

    def _ask(self, cells: Cells, blocks: Sequence[Block]) -> None:
        answered, started = [], self._clock()
        for done, (block, outcome) in enumerate(self._outcomes(blocks), start=1):
            if outcome.answered:
                answered.append(block)
                self._take(cells, block, outcome.table)
            self._judge(outcome)
            emit(
                "travel.progress",
                what=self.source,
                done=done,
                total=len(blocks),
                unit="requests",
            )
        if answered:
            self._asked_seconds += self._clock() - started
            self._expected_seconds += self._expected(answered)

    def _judge(self, outcome: Halved) -> None:
        """Tell the breaker how one block went."""
        if outcome.failure is None:
            self.breaker.succeeded()
        elif outcome.answered:
            self.breaker.answered_in_part(outcome.failure.problem)
        else:
            self.breaker.failed(outcome.failure.problem)

    def _take(self, cells: Cells, block: Block, table: Table) -> None:
        """Keep what was asked for of a block; what the engine did not answer stays open."""
        minutes = table.minutes.ravel()
        told = ~np.isnan(minutes)
        legs = cells.asked(
            CachedLegs(
                np.repeat(block.origins, len(block.destinations))[told],
                np.tile(block.destinations, len(block.origins))[told],
                minutes[told],
                table.km.ravel()[told],
            )
        )
        self._cache.keep(legs)
        cells.fill(legs, quality=Quality.ENGINE)

    def _outcomes(self, blocks: Sequence[Block]) -> Iterator[tuple[Block, Halved]]:
        """Yield what came of each block, in their order, until the breaker opens."""
        if self._engine.workers == 1:
            for block in blocks:
                if self.breaker.is_open:
                    return
                yield block, self._outcome(block)
            return
        pool = ThreadPoolExecutor(self._engine.workers)
        try:
            asked = deque[tuple[Block, Callable[[], Halved]]]()
            for block in blocks:
                if self.breaker.is_open:
                    break
                asked.append((block, pool.submit(copy_context().run, self._outcome, block).result))
                if len(asked) == self._engine.workers or self.breaker.is_trying:
                    first, answer = asked.popleft()
                    yield first, answer()
            for left, answer in asked:
                yield left, answer()
        finally:
            # Who stops the program does not wait for attempts at an engine that says nothing.
            pool.shutdown(wait=False, cancel_futures=True)

    def _outcome(self, block: Block) -> Halved:
        return self._halving.ask(points_of(block.origins), points_of(block.destinations))

    def _estimate(self, cells: Cells) -> None:
        """Fill what is open, scaled by what this engine's answers are of their estimates."""
        every = np.arange(len(cells), dtype=np.int32)
        estimate = self._fallback.pairs(*cells.ends(), rows=(every, every))
        known = np.isfinite(cells.minutes) & (cells.minutes > 0) & (estimate.minutes > 0)
        if known.any():
            self._ratio = float(np.median(cells.minutes[known] / estimate.minutes[known]))
        open_ = cells.open
        cells.minutes[open_] = estimate.minutes[open_] * self._ratio
        cells.km[open_] = estimate.km[open_]
        emit("travel.estimated", legs=int(open_.sum()), ratio=round(self._ratio, 4))

    def _expected(self, blocks: Sequence[Block]) -> float:
        """Return the seconds that blocks take by the engine's table."""
        limits = self._engine.limits
        cells = sum(block.cells for block in blocks)
        asking = len(blocks) * limits.seconds_per_request + cells * limits.seconds_per_cell
        return asking / self._engine.workers

    def _sources(self, quality: NDArray[np.int8]) -> str:
        """Return what answered, the one that answered most first."""
        estimated = int((quality == Quality.ESTIMATE).sum())
        if estimated == 0:
            return self.source
        if estimated == quality.size:
            return "estimate"
        mostly = 2 * estimated > quality.size
        return f"estimate + {self.source}" if mostly else f"{self.source} + estimate"


def _source(identity: Identity, name: str) -> str:
    graph = name or (identity.graph and f"graph {identity.graph}")
    return " ".join(
        word for word in (identity.engine, identity.version, identity.profile, graph) if word
    )


def _grid(origins: Points, destinations: Points) -> tuple[Ints, Ints]:
    rows, columns = np.indices((len(origins), len(destinations)), dtype=np.int32)
    return rows, columns
