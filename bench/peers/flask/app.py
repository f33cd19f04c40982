"""Iris as it is often served first: Flask, and a scikit-learn forest as large as the one in models/iris."""

from flask import Flask, request
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")

data = load_iris()
forest = RandomForestClassifier(n_estimators=300, random_state=1234).fit(data.data, data.target)
app = Flask(__name__)


@app.post("/predict")
def predict() -> dict[str, list[int]]:
    """Predict one row."""
    row = request.get_json()
    return {"result": forest.predict([[float(row[name]) for name in FEATURES]]).tolist()}
