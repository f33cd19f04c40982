"""Iris as FastAPI's own pages would serve it: a pydantic model for the body, the session made once, in this process."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"])


class Iris(BaseModel):
    """One flower, in centimetres."""

    sepal_length: float
    sepal_width: float
    petal_length: float
    petal_width: float


class Answer(BaseModel):
    """The class of each row."""

    result: list[int]


def predict(iris: Iris) -> Answer:
    """Run the model on one row."""
    row = np.array([[iris.sepal_length, iris.sepal_width, iris.petal_length, iris.petal_width]], dtype=np.float32)
    (label,) = session.run(["label"], {"input": row})
    return Answer(result=label.tolist())


app = FastAPI()


@app.post("/async/predict")
async def predict_async(iris: Iris) -> Answer:
    """On the event loop."""
    return predict(iris)


@app.post("/threads/predict")
def predict_threads(iris: Iris) -> Answer:
    """On FastAPI's threads."""
    return predict(iris)
