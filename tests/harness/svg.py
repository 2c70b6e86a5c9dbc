# SPDX-License-Identifier: MIT
"""Writes SVG: a white drawing to which elements are added one by one. Used by sweep.py, and by the bench."""

import html
from typing import Any
from xml.sax import saxutils


class Drawing:
    """Coordinates are in pixels from the upper left corner; numbers are written with a digit behind the point."""

    def __init__(self, width: float, height: float) -> None:
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_plain(width)} {_plain(height)}" '
            'font-family="sans-serif" font-size="12">'
        )
        self._parts: list[str] = []
        self.add("rect", width=width, height=height, fill="#ffffff")

    def add(self, element: str, text: str = "", *, title: str = "", **attributes: object) -> None:
        """An element with its attributes, `_` in their names for `-`; the title is shown where the pointer rests."""
        inside = (f"<title>{html.escape(title, quote=False)}</title>" if title else "") + html.escape(text, quote=False)
        written = "".join(
            f" {name.strip('_').replace('_', '-')}={saxutils.quoteattr(_plain(value))}" for name, value in attributes.items()
        )
        self._parts.append(f"<{element}{written}>{inside}</{element}>" if inside else f"<{element}{written}/>")

    def text(self, x: float, y: float, text: str, **attributes: Any) -> None:
        self.add("text", text, x=x, y=y, **attributes)

    def path(self, path: str, **attributes: Any) -> None:
        self.add("path", d=path, **{"fill": "none", **attributes})

    def __str__(self) -> str:
        return "\n".join([self._head, *self._parts, "</svg>"]) + "\n"


def _plain(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
