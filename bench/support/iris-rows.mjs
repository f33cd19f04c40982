const NAMES = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];

/** @returns the measurements of the flower with this number; they repeat only after many flowers */
function rowOf(index) {
  return [
    (4300 + (index % 360) * 10 + (index % 7)) / 1000,
    (2000 + (index % 241) * 10) / 1000,
    (1000 + (index % 593) * 10) / 1000,
    (100 + (index % 239) * 10) / 1000,
  ];
}

/** @returns rows as tensor data */
export function irisValues(count) {
  const values = new Float32Array(count * NAMES.length);
  for (let index = 0; index < count; index += 1) values.set(rowOf(index), index * NAMES.length);
  return values;
}

/** @returns the same rows as CSV */
export function irisCsv(count) {
  const lines = [NAMES.join(',')];
  for (let index = 0; index < count; index += 1) lines.push(rowOf(index).join(','));
  return `${lines.join('\n')}\n`;
}
