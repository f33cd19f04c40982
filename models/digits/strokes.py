"""Draw the 8×8 digits as images: plain, and varied like drawings and photographs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter

SIDE = 28
"""Width and height of an image in pixels."""
BOX = 8
MARGIN = 2
"""Empty pixels around a digit of 8×8, so that the digit does not touch the edge of the image."""

Pictures = NDArray[np.float32]
Digits = NDArray[np.float64]


def plain(digits: Digits) -> Pictures:
    """Draw digits plain: white ink, upright, centred, 20 pixels high."""
    return np.stack([draw(digit, np.eye(2) * BOX / 20) for digit in digits])


def varied(digits: Digits, seed: int, times: int = 1) -> Pictures:
    """Draw random variations of each digit: the first of all digits, then the second of all, and so on.

    They vary in rotation, slant, size, width and position, and in the softness of the strokes; the paper is dark or
    bright, uneven and noisy.
    """
    random = np.random.default_rng(seed)
    return np.stack([vary(digit, random) for _ in range(times) for digit in digits])


def vary(digit: NDArray[np.float64], random: np.random.Generator) -> Pictures:
    """Draw one random variation of a digit."""
    turn, slant = np.radians(random.uniform(-14, 14)), random.uniform(-0.2, 0.2)
    height = random.uniform(10, 24)
    width = height * random.uniform(0.8, 1.2)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    to_digit = np.diag([BOX / height, BOX / width]) @ np.array([[1, 0], [slant, 1]]) @ rotation
    room = max(0, SIDE - max(width, height)) / 2
    strokes = draw(digit, to_digit, random.uniform(-room, room, 2))
    hardness = random.uniform(1, 5)
    strokes = np.clip((strokes - 0.5) * hardness + 0.5, 0, 1) if random.random() < 0.7 else strokes
    strokes = gaussian_filter(strokes, random.uniform(0, 0.8))
    ink, paper = random.uniform(0.6, 1), random.uniform(0, 0.25)
    slope = random.uniform(-0.08, 0.08, 2)
    down, across = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    picture = paper + slope[0] * down + slope[1] * across + (ink - paper) * strokes
    picture += random.normal(0, random.uniform(0, 0.04), picture.shape)
    picture = np.clip(picture, 0, 1)
    return (1 - picture if random.random() < 0.5 else picture).astype(np.float32)


def draw(digit: NDArray[np.float64], to_digit: NDArray[np.float64], shift: NDArray[np.float64] | float = 0) -> Pictures:
    """Draw a digit of 8×8 values from 0 to 1; the matrix maps pixels of the image to pixels of the digit."""
    padded = np.pad(digit, MARGIN)
    centre = (SIDE - 1) / 2 + np.broadcast_to(shift, 2)
    offset = (BOX - 1) / 2 + MARGIN - to_digit @ centre
    drawn = affine_transform(padded, to_digit, offset, (SIDE, SIDE), order=3, mode="grid-constant")
    return np.clip(drawn, 0, 1).astype(np.float32)
