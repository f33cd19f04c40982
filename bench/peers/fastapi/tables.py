"""Rows of a mixed table with missing values: a pydantic model for the body, NumPy or pandas, the session made once, in this process."""

import csv
import io
import os

import numpy as np
import onnxruntime
import pandas as pd
from fastapi import FastAPI, UploadFile
from pydantic import BaseModel, create_model

NUMBERS = [f"number{index}" for index in range(24)]
CATEGORIES = [f"category{index}" for index in range(6)]
CLASSES = ("leaves", "stays")

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"])

Row = create_model(
    "Row", **{name: (float | None, None) for name in NUMBERS}, **{name: (str, ...) for name in CATEGORIES}
)


class Rows(BaseModel):
    """Several rows."""

    instances: list[Row]


class Prediction(BaseModel):
    """A class, and how probable each is."""

    label: str
    probabilities: dict[str, float]


class Answer(BaseModel):
    """One prediction a row."""

    predictions: list[Prediction]


def run(columns: dict[str, np.ndarray]) -> Answer:
    """Run the model on one array a column."""
    labels, probabilities = session.run(["label", "probabilities"], columns)
    rows = zip(labels.tolist(), probabilities.tolist(), strict=True)
    return Answer(
        predictions=[Prediction(label=label, probabilities=dict(zip(CLASSES, row, strict=True))) for label, row in rows]
    )


def run_frame(frame: pd.DataFrame) -> Answer:
    """Take the columns of a frame."""
    columns = {name: frame[[name]].to_numpy(dtype=np.float32) for name in NUMBERS}
    columns |= {name: frame[[name]].to_numpy(dtype=object) for name in CATEGORIES}
    return run(columns)


def run_rows(rows: list[dict]) -> Answer:
    """Fill an array for each column; missing numbers become NaN."""
    columns = {name: np.array([[row[name]] for row in rows], dtype=np.float32) for name in NUMBERS}
    columns |= {name: np.array([[row[name]] for row in rows], dtype=object) for name in CATEGORIES}
    return run(columns)


app = FastAPI()


@app.post("/numpy/predict")
async def predict_numpy(row: Row) -> Answer:
    """One row, without pandas."""
    return run_rows([row.model_dump()])


@app.post("/pandas/predict")
async def predict_pandas(row: Row) -> Answer:
    """One row, as a frame."""
    return run_frame(pd.DataFrame([row.model_dump()]))


@app.post("/numpy/rows")
async def rows_numpy(rows: Rows) -> Answer:
    """Many rows, without pandas."""
    return run_rows([row.model_dump() for row in rows.instances])


@app.post("/pandas/rows")
async def rows_pandas(rows: Rows) -> Answer:
    """Many rows, as a frame."""
    return run_frame(pd.DataFrame([row.model_dump() for row in rows.instances]))


@app.post("/numpy/csv")
async def csv_numpy(file: UploadFile) -> Answer:
    """A CSV, by the reader of Python."""
    rows = list(csv.DictReader(io.TextIOWrapper(file.file, newline="")))
    for row in rows:
        for name in NUMBERS:
            row[name] = row[name] or "nan"
    return run_rows(rows)


@app.post("/pandas/csv")
async def csv_pandas(file: UploadFile) -> Answer:
    """A CSV, by the reader of pandas."""
    return run_frame(pd.read_csv(file.file))
