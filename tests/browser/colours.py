"""Colours as eyes see them: contrast after WCAG 2, and what is left of a difference with a colour vision deficiency."""

from __future__ import annotations

import math
import re

Colour = tuple[float, float, float]

DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB."""


def linear(hexadecimal: str) -> Colour:
    """ "#1f6fb2" as linear RGB."""
    value = hexadecimal.strip().lstrip("#")
    value = "".join(c * 2 for c in value) if len(value) == 3 else value
    assert re.fullmatch("[0-9a-f]{6}", value), hexadecimal
    r, g, b = (int(value[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return (_linear(r), _linear(g), _linear(b))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def luminance(colour: Colour) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def contrast(a: str, b: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""
    low, high = sorted((luminance(linear(a)), luminance(linear(b))))
    return (high + 0.05) / (low + 0.05)


def distance(a: str, b: str, deficiency: str) -> float:
    """How different two colours look (CIE76) to a person with this deficiency."""
    return math.dist(_lab(_seen(a, deficiency)), _lab(_seen(b, deficiency)))


def _seen(hexadecimal: str, deficiency: str) -> Colour:
    colour = linear(hexadecimal)
    r, g, b = (min(1.0, max(0.0, sum(m * c for m, c in zip(row, colour, strict=True)))) for row in DEFICIENCIES[deficiency])
    return (r, g, b)


def _lab(colour: Colour) -> Colour:
    r, g, b = colour
    x, y, z = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return (116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))
