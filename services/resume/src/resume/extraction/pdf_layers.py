"""Finds what lies foremost at each of many points of a page, in a time that does not grow with their product."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeAlias

from resume.extraction.pdf_rows import Box

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """Something drawn: as which in order, and where."""

    order: int
    box: Box


class _Sweep:
    """A segment tree over the points' places from left to right; a line goes up the page and takes what it meets.

    Each node keeps the layers that reach over all of its points, the foremost on top; those that have ended below the
    line are dropped when they come to the top.
    """

    def __init__(self, across: list[float]) -> None:
        self._across = across
        self._nodes: list[list[tuple[int, float]]] = [[] for _ in range(2 * len(across))]

    def add(self, layer: Layer) -> None:
        left, _, right, top = layer.box
        first = bisect_left(self._across, left) + len(self._across)
        end = bisect_right(self._across, right) + len(self._across)
        while first < end:
            if first % 2:
                heappush(self._nodes[first], (-layer.order, top))
                first += 1
            if end % 2:
                end -= 1
                heappush(self._nodes[end], (-layer.order, top))
            first, end = first // 2, end // 2

    def foremost(self, point: Point) -> int | None:
        best: int | None = None
        node = bisect_left(self._across, point[0]) + len(self._across)
        while node:
            layers = self._nodes[node]
            while layers and layers[0][1] < point[1]:
                heappop(layers)
            if layers and (best is None or -layers[0][0] > best):
                best = -layers[0][0]
            node //= 2
        return best


def foremost(points: Sequence[Point], layers: Sequence[Layer]) -> list[int | None]:
    """Return for each point the highest order of the layers it lies upon, or None where it lies upon none."""
    orders: list[int | None] = [None] * len(points)
    if not layers:
        return orders
    sweep = _Sweep(sorted({x for x, _ in points}))
    waiting = sorted(layers, key=lambda layer: layer.box[1], reverse=True)
    for index in sorted(range(len(points)), key=lambda index: points[index][1]):
        while waiting and waiting[-1].box[1] <= points[index][1]:
            sweep.add(waiting.pop())
        orders[index] = sweep.foremost(points[index])
    return orders
