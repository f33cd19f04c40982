const NAMES = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];

/** Measurements in millimetres' tenths of the flower with this number, all different for a long while. */
function rowOf(index) {
  return [
    (4300 + (index % 360) * 10 + (index % 7)) / 1000,
    (2000 + (index % 241) * 10) / 1000,
    (1000 + (index % 593) * 10) / 1000,
    (100 + (index % 239) * 10) / 1000,
  ];
}

/** So many rows as a tensor has them. */
export function irisValues(count) {
  const values = new Float32Array(count * NAMES.length);
  for (let index = 0; index < count; index += 1) values.set(rowOf(index), index * NAMES.length);
  return values;
}

/** The same rows as CSV. */
export function irisCsv(count) {
  const lines = [NAMES.join(',')];
  for (let index = 0; index < count; index += 1) lines.push(rowOf(index).join(','));
  return `${lines.join('\n')}\n`;
}
