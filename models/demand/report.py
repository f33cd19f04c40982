"""Images and tables that describe the simulated café and evaluate the model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # Draw into files; no display is needed.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error

import simulate
from simulate import SEED, WEEK, Questions, Sales

BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#8a8a8a"
STYLE: dict[str, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "grid.color": "#e6e6e6",
}
FORECASTS = {
    "meanMae": "One mean for everything",
    "newItemMae": "The model, without past sales",
    "baselineMae": "Same hour last week",
    "fourWeeksMae": "Mean of that hour, four weeks",
    "mae": "The model",
    "noiseMae": "The true rate (nobody has it)",
}


def write(
    folder: Path,
    model: HistGradientBoostingRegressor,
    sales: Sales,
    held_out: Questions,
    names: tuple[str, ...],
    metrics: dict[str, float],
) -> None:
    """Write everything into ``folder``."""
    folder.mkdir(exist_ok=True)
    rows = simulate.features(sales, held_out)
    sold = sales.sold[held_out.item, held_out.hour]
    plt.style.use(["default", STYLE])  # Ignore the style configured on this machine.
    described = {"metrics": metrics, "features": statistics(rows, names)}
    (folder / "statistics.json").write_text(json.dumps(described, indent=2) + "\n", "utf-8")
    pictures = {
        "errors": draw_errors(metrics),
        "importances": draw_importances(model, rows, sold, names),
        "week": draw_week(model, sales, held_out),
    }
    for name, figure in pictures.items():
        (folder / f"{name}.png").write_bytes(png(figure))
    (folder / "captions.json").write_text(json.dumps(captions(metrics), indent=2) + "\n", "utf-8")


def captions(metrics: dict[str, float]) -> dict[str, str]:
    """The caption of each file, in the order of the model's page."""
    return {
        "errors.png": (
            f"How far off each way to forecast is on average: the model by {metrics['mae']:.2f} items an hour, the same "
            f"hour of last week by {metrics['baselineMae']:.2f}, and who knew the true rate by {metrics['noiseMae']:.2f}."
        ),
        "week.png": "The item that sells best in the last week held out: what was sold, forecast, and the true rate.",
        "importances.png": "By how much the error grows when one feature is shuffled, with past sales and without.",
        "statistics.json": "Measures on the weeks held out, and each feature's range there.",
    }


def statistics(rows: NDArray[np.float32], names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Statistics of each feature over the held-out rows; ``std`` is that of the population."""
    measures = {"min": np.min, "max": np.max, "mean": np.mean, "std": np.std}
    return {
        name: {measure: round(float(take(column.astype(np.float64))), 4) for measure, take in measures.items()}
        for name, column in zip(names, rows.T)
    }


def draw_errors(metrics: dict[str, float]) -> Figure:
    """Draw the mean absolute error of each forecast, worst on top."""
    figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    ranked = sorted(FORECASTS, key=lambda name: metrics[name])
    colours = [BLUE if name == "mae" else GREY for name in ranked]
    bars = axes.barh([FORECASTS[name] for name in ranked], [metrics[name] for name in ranked], color=colours)
    axes.bar_label(bars, fmt="%.2f", padding=4)
    axes.set_xlabel("Mean absolute error (items an hour, opening hours of the weeks held out)")
    axes.set_title("How far off each forecast is")
    axes.tick_params(left=False)
    return figure


def draw_importances(
    model: HistGradientBoostingRegressor,
    rows: NDArray[np.float32],
    sold: NDArray[np.int64],
    names: tuple[str, ...],
) -> Figure:
    """Draw the growth of the error when one feature is shuffled, with and without past sales."""
    figure, grid = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
    unknown = rows.copy()
    for name, value in (("price_change", 1), ("sold_at_hour", 0), ("sold_at_weekday", 0), ("sold_a_day", 0)):
        unknown[:, names.index(name)] = value
    unknown[:, names.index("days_of_sales")] = 0
    for axes, known, title in zip(grid, (rows, unknown), ("With four weeks of sales", "For a new item")):
        growth = [growth_without(model, known, sold, column) for column in range(len(names))]
        ranked = sorted(zip(growth, names))
        bars = axes.barh([name for _, name in ranked], [value for value, _ in ranked], color=BLUE)
        axes.bar_label(bars, fmt="%.3f", padding=4)
        axes.set_xlabel("Growth of the mean absolute error when shuffled")
        axes.set_title(title)
        axes.tick_params(left=False)
    return figure


def growth_without(
    model: HistGradientBoostingRegressor, rows: NDArray[np.float32], sold: NDArray[np.int64], column: int
) -> float:
    """The growth of the mean absolute error when a column is shuffled."""
    shuffled = rows.copy()
    shuffled[:, column] = np.random.default_rng(SEED).permutation(shuffled[:, column])
    return float(mean_absolute_error(sold, model.predict(shuffled)) - mean_absolute_error(sold, model.predict(rows)))


def draw_week(model: HistGradientBoostingRegressor, sales: Sales, held_out: Questions) -> Figure:
    """Draw the last week of the best-selling item: sales, forecast and true rate."""
    item = int(np.argmax(sales.sold[:, -WEEK:].sum(axis=1)))
    hours = np.arange(simulate.HOURS - WEEK, simulate.HOURS)
    which = np.full(WEEK, item)
    asked = hours - hours % simulate.DAY  # Each day is forecast at its start.
    questions = Questions(which, hours, asked, np.full(WEEK, sales.launch[item]))
    figure, axes = plt.subplots(figsize=(11, 3.6), layout="constrained")
    days = np.arange(WEEK) / simulate.DAY
    axes.plot(days, sales.sold[item, hours], "o", color=GREY, markersize=3, label="sold")
    axes.plot(days, sales.rate[item, hours], color=ORANGE, linewidth=1, label="true rate")
    axes.plot(days, model.predict(simulate.features(sales, questions)), color=BLUE, label="forecast, at midnight")
    axes.set_xticks(np.arange(7) + 0.5, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    axes.set_ylabel("Items an hour")
    axes.set_title("One item, the last week held out")
    axes.legend(frameon=False, ncols=3)
    return figure


def png(figure: Figure) -> bytes:
    """Render a figure without metadata that depends on the version of Matplotlib."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()
