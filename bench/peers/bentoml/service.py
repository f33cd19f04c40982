"""Iris on BentoML, three ways, each a service that can be served by its name."""

import os

import bentoml
import numpy as np
import onnxruntime
from pydantic import BaseModel

WORKERS = int(os.environ.get("IRIS_WORKERS", "1"))


class Row(BaseModel):
    """One flower, in centimetres."""

    sepal_length: float
    sepal_width: float
    petal_length: float
    petal_width: float


class Answer(BaseModel):
    """The class of each row."""

    result: list[int]


def open_session() -> onnxruntime.InferenceSession:
    """Open the model on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"])


def rows_of(rows: list[Row]) -> np.ndarray:
    """Put the features in order."""
    values = [[row.sepal_length, row.sepal_width, row.petal_length, row.petal_width] for row in rows]
    return np.array(values, dtype=np.float32)


@bentoml.service(name="iris_async", workers=WORKERS)
class AsyncIris:
    """The method runs on the event loop."""

    def __init__(self) -> None:
        """Open the model once for each worker."""
        self.session = open_session()

    @bentoml.api(route="/predict")
    async def predict(self, row: Row, /) -> Answer:
        """Predict one row."""
        (labels,) = self.session.run(["label"], {"input": rows_of([row])})
        return Answer(result=labels.tolist())


@bentoml.service(name="iris_threads", workers=WORKERS)
class ThreadsIris:
    """The method runs on BentoML's threads."""

    def __init__(self) -> None:
        """Open the model once for each worker."""
        self.session = open_session()

    @bentoml.api(route="/predict")
    def predict(self, row: Row, /) -> Answer:
        """Predict one row."""
        (labels,) = self.session.run(["label"], {"input": rows_of([row])})
        return Answer(result=labels.tolist())


@bentoml.service(name="iris_batches", workers=WORKERS)
class BatchesIris:
    """Requests of several clients run as one batch; such a method takes a list of rows."""

    def __init__(self) -> None:
        """Open the model once for each worker."""
        self.session = open_session()

    @bentoml.api(route="/predict", batchable=True, max_batch_size=64, max_latency_ms=1000)
    def predict(self, rows: list[Row]) -> list[int]:
        """Predict the rows."""
        (labels,) = self.session.run(["label"], {"input": rows_of(rows)})
        return labels.tolist()
