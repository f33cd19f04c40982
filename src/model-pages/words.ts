/** Of measures, which have names of their own. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  auc: 'AUC',
  f1: 'F1',
  mae: 'MAE',
  mape: 'MAPE',
  mse: 'MSE',
  r2: 'R²',
  rmse: 'RMSE',
};
const DIGITS = 6;

/** A name as people write it: `petal_width` is "Petal width", `baselineMae` is "Baseline MAE". */
export function inWords(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`)
    .split(/[\s._-]+/)
    .filter((word) => word !== '')
    .map((word) => ABBREVIATIONS[word.toLowerCase()] ?? word)
    .join(' ');
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

/** A number without the digits that nobody reads. */
export function inDigits(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(DIGITS)));
}

export function inPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
