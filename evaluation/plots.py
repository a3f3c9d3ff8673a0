"""Plots as inline SVG: no script, no font and no address in them. Pure; labels are escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

WIDTH, HEIGHT = 960, 220
LEFT, RIGHT, TOP, BOTTOM = 60, 8, 10, 10
LINES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """`kind` is a class of the style sheet; `mark` is a second value, drawn as a line across the bar."""

    label: str
    value: float
    kind: str = "bar"
    mark: float | None = None


def bars(title: str, items: Sequence[Bar], low: float, high: float, unit: str = "") -> Markup:
    """One bar for each item, from 0 up or down, on an axis from `low` to `high`."""
    scale = _Scale(low, high)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(items))
    width = max(0.5, step * 0.8)
    drawn = [scale.axis(unit)]
    for number, item in enumerate(items):
        x = LEFT + number * step + (step - width) / 2
        top, bottom = sorted((scale.y(item.value), scale.y(0)))
        tooltip = f"{item.label}: {_number(item.value)}{unit}"
        if item.mark is not None:
            tooltip += f" (before {_number(item.mark)}{unit})"
        # A bar of nothing can be pointed at as well.
        drawn.append(
            f'<rect class="{item.kind}" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{max(1.0, bottom - top):.1f}"><title>{escape(tooltip)}</title></rect>'
        )
        if item.mark is not None:
            y = scale.y(item.mark)
            drawn.append(f'<line class="mark" x1="{x:.1f}" x2="{x + width:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return _svg(title, drawn)


def nice_top(value: float) -> float:
    """The smallest of 1, 2, 2.5, 4 or 5 times a power of ten that is not below `value`."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return next((power * factor for factor in (1, 2, 2.5, 4, 5) if power * factor >= value), power * 10)


class _Scale:
    """Values to places on the page."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high

    def y(self, value: float) -> float:
        share = (min(max(value, self._low), self._high) - self._low) / (self._high - self._low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def axis(self, unit: str) -> str:
        drawn = []
        for number in range(LINES + 1):
            value = self._low + (self._high - self._low) * number / LINES
            y = self.y(value)
            drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            label = f"{value:,.0f}" if self._high >= 2 * LINES else f"{value:.2f}"
            drawn.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}{unit}</text>')
        return "".join(drawn)


def _svg(title: str, drawn: Sequence[str]) -> Markup:
    # Every part is a number of ours or has been escaped above.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2f}"
