"""Classes of pictures: an upload, Pillow, NumPy, and the session made once, in this process."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, UploadFile
from PIL import Image, ImageOps
from pydantic import BaseModel

SIZE = (224, 224)
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
LABELS = [f"class{index}" for index in range(10)]

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"])


class Prediction(BaseModel):
    """A class, and how probable each is."""

    label: str
    probabilities: dict[str, float]


class Answer(BaseModel):
    """One prediction a picture."""

    predictions: list[Prediction]


def predict(file: UploadFile) -> Answer:
    """Decode, resize, normalize and run."""
    picture = ImageOps.fit(Image.open(file.file).convert("RGB"), SIZE, Image.Resampling.BILINEAR)
    pixels = (np.asarray(picture, dtype=np.float32) / 255 - MEAN) / STD
    (probabilities,) = session.run(["probabilities"], {"image": pixels.transpose(2, 0, 1)[None]})
    row = probabilities[0]
    prediction = Prediction(label=LABELS[int(row.argmax())], probabilities=dict(zip(LABELS, row.tolist(), strict=True)))
    return Answer(predictions=[prediction])


app = FastAPI()


@app.post("/async/predict")
async def predict_async(file: UploadFile) -> Answer:
    """On the event loop."""
    return predict(file)


@app.post("/threads/predict")
def predict_threads(file: UploadFile) -> Answer:
    """On FastAPI's threads."""
    return predict(file)
