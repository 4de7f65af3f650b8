"""Sums of histograms over a range that moves: what enters is added, what leaves is taken away."""

from shop.console.promql.histogram import Histogram, Incompatible, added
from shop.console.promql.model import Notes, name_of
from shop.console.promql.windows import Window, total

__all__ = ["summed"]


class Running:
    """The sum of the histograms from `first` to `last`, by layout, so that no resolution is lost to one that left.

    Exact, since counts are whole numbers; where they are not, every range is summed anew.
    """

    def __init__(self, window: Window) -> None:
        # A float among them is in no range that is summed here: it stands for nothing.
        nothing = Histogram(0.0, 0.0)
        self.values = [each if isinstance(each, Histogram) else nothing for each in window.series.values]
        self.sums = [each.sum for each in self.values]
        self.whole = all(each.count.is_integer() for each in self.values)
        self.first = self.last = 0
        self.layouts: dict[tuple[object, ...], Layout] = {}

    def move(self, first: int, last: int) -> list[Histogram]:
        """The sums of each layout for another range."""
        if not self.whole or first < self.first or last < self.last or first >= self.last:
            self.layouts.clear()
            self.first = self.last = first
        for each in self.values[self.last : last]:
            self.layout(each).take(each, 1)
        for each in self.values[self.first : first]:
            self.layout(each).take(each, -1)
        self.first, self.last = first, last
        self.layouts = {key: each for key, each in self.layouts.items() if each.members}
        return [each.histogram() for each in self.layouts.values()]

    def layout(self, given: Histogram) -> "Layout":
        """The sum that this histogram is part of."""
        key = (given.scale, given.zero_threshold, given.bounds)
        if key not in self.layouts:
            self.layouts[key] = Layout(given)
        return self.layouts[key]


class Layout:
    """The sum of histograms with the same buckets."""

    def __init__(self, like: Histogram) -> None:
        self.like = like
        self.members = 0
        self.count = self.zeros = 0.0
        self.positive: dict[int, float] = {}
        self.negative: dict[int, float] = {}

    def take(self, given: Histogram, sign: int) -> None:
        """Adds a histogram, or takes it away."""
        self.members += sign
        self.count += sign * given.count
        self.zeros += sign * given.zero_count
        for mine, theirs in ((self.positive, given.positive), (self.negative, given.negative)):
            for index, count in theirs.items():
                mine[index] = mine.get(index, 0.0) + sign * count

    def histogram(self) -> Histogram:
        """The sum now, but for the sum of the observations themselves."""
        positive = {index: count for index, count in self.positive.items() if count}
        negative = {index: count for index, count in self.negative.items() if count}
        like = self.like
        return Histogram(self.count, 0.0, like.scale, positive, negative, self.zeros, like.zero_threshold, like.bounds)


def summed(window: Window, notes: Notes) -> Histogram | None:
    """The sum of the histograms in the range; none if some are exponential and some are not."""
    if not isinstance(window.running, Running):
        window.running = Running(window)
    running = window.running
    parts = running.move(window.first, window.last)
    result = parts[0]
    try:
        for each in parts[1:]:
            result = added(result, each)
    except Incompatible:
        notes.warn(
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
            f'"{name_of(window.series.labels)}"'
        )
        return None
    return result_with_sum(result, total(running.sums[window.first : window.last]))


def result_with_sum(given: Histogram, whole: float) -> Histogram:
    """The same with the sum of the observations."""
    return Histogram(
        given.count,
        whole,
        given.scale,
        given.positive,
        given.negative,
        given.zero_count,
        given.zero_threshold,
        given.bounds,
    )
