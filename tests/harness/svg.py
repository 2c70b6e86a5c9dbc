# SPDX-License-Identifier: MIT
"""What the plots of sweeps and of the bench are drawn with: an SVG of lines, dots and words, and a logarithmic axis."""

import dataclasses
import html
import math
from typing import Any


@dataclasses.dataclass(frozen=True)
class LogAxis:
    """Where a value lies between two places; logarithms of the ends are given."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, steps: tuple[int, ...] = (1,)) -> list[float]:
        """The values of `steps` times a power of ten that lie on it."""
        exponents = range(math.floor(self.low), math.ceil(self.high) + 1)
        values = [step * 10.0**exponent for exponent in exponents for step in steps]
        return [value for value in values if self.low - 1e-9 <= math.log10(value) <= self.high + 1e-9]


class Drawing:
    """Shapes in the order in which they are drawn. Attributes are SVG's, with _ for -."""

    def __init__(self, width: float, height: float) -> None:
        self._width, self._height = width, height
        self._parts: list[str] = []
        self.rect(0, 0, width, height, fill="#ffffff")

    def rect(self, x: float, y: float, width: float, height: float, title: str = "", **attributes: Any) -> None:
        self._add("rect", title, x=x, y=y, width=width, height=height, **attributes)

    def circle(self, x: float, y: float, radius: float, title: str = "", **attributes: Any) -> None:
        self._add("circle", title, cx=x, cy=y, r=radius, **attributes)

    def line(self, points: list[tuple[float, float]], title: str = "", **attributes: Any) -> None:
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self._add("path", title, d=path, **{"fill": "none", **attributes})

    def text(self, x: float, y: float, words: str, **attributes: Any) -> None:
        self._parts.append(f"<text{self._words({'x': x, 'y': y, **attributes})}>{html.escape(words)}</text>")

    def power_of_ten(self, x: float, y: float, exponent: int) -> None:
        """The words 10 and, raised, the exponent; they end at x."""
        raised = f'<tspan dy="-4" font-size="8">{exponent}</tspan>'
        self._parts.append(f"<text{self._words({'x': x, 'y': y, 'text_anchor': 'end'})}>10{raised}</text>")

    def clip(self, name: str, x: float, y: float, width: float, height: float) -> str:
        """The value of clip_path for what must not leave a rectangle."""
        size = self._words({"x": x, "y": y, "width": width, "height": height})
        self._parts.append(f'<clipPath id="{name}"><rect{size}/></clipPath>')
        return f"url(#{name})"

    def render(self) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self._width:g} {self._height:g}" '
            'font-family="sans-serif" font-size="12">'
        )
        return "\n".join([head, *self._parts]) + "\n</svg>\n"

    def _add(self, kind: str, title: str, **attributes: Any) -> None:
        words = self._words(attributes)
        self._parts.append(f"<{kind}{words}><title>{html.escape(title)}</title></{kind}>" if title else f"<{kind}{words}/>")

    @staticmethod
    def _words(attributes: dict[str, Any]) -> str:
        written = []
        for name, value in attributes.items():
            shown = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
            written.append(f' {name.replace("_", "-")}="{html.escape(shown)}"')
        return "".join(written)
