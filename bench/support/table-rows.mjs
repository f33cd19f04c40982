const NUMBERS = 24;
const CATEGORIES = 6;

/** @returns rows of 24 numbers, every other one with gaps, and of 6 categories */
export function tableRows(count) {
  return Array.from({ length: count }, (_, index) => rowOf(index));
}

/** @returns the same rows as CSV */
export function tableCsv(count) {
  const rows = tableRows(count);
  const lines = rows.map((row) => Object.values(row).map((value) => value ?? ''));
  return [Object.keys(rows[0]), ...lines].map((line) => `${line.join(',')}\n`).join('');
}

/** The features of the model, for its manifest. */
export function tableFeatures() {
  const numbers = Array.from({ length: NUMBERS }, (_, index) => {
    return { name: `number${index}`, ...(index % 2 === 0 ? { nullable: true } : {}) };
  });
  const categories = Array.from({ length: CATEGORIES }, (_, index) => ({
    name: `category${index}`,
    values: Array.from({ length: 3 + index }, (_, value) => `value${value}`),
  }));
  return [...numbers, ...categories];
}

function rowOf(index) {
  const row = {};
  for (let column = 0; column < NUMBERS; column += 1) {
    const isMissing = column % 2 === 0 && (index * 7 + column * 3) % 13 === 0;
    row[`number${column}`] = isMissing ? null : Math.round(1e4 * (column + 3 * Math.sin(index * 31 + column))) / 1e4;
  }
  for (let column = 0; column < CATEGORIES; column += 1) {
    row[`category${column}`] = `value${(index + column) % (3 + column)}`;
  }
  return row;
}
