/** The greatest difference of probabilities: runs of one row and of many rows round differently. */
const TOLERANCE = 1e-3;

/** @returns whether an answer has the same labels and probabilities as this one of Barista */
export function isLike(expected) {
  return (answer) => {
    const { predictions } = JSON.parse(answer);
    return predictions.length === expected.length && predictions.every((one, index) => isSame(one, expected[index]));
  };
}

function isSame({ label, probabilities }, expected) {
  const names = Object.keys(expected.probabilities);
  const isNear = (name) => Math.abs(probabilities[name] - expected.probabilities[name]) < TOLERANCE;
  return label === expected.label && names.every(isNear);
}

/** @returns the predictions of Barista */
export async function predictionsOf({ url }, { path, ...init }) {
  const response = await fetch(url + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`Barista answers ${path} with ${response.status} ${text}`);
  return JSON.parse(text).predictions;
}
