/** Names of metrics that are abbreviations. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  auc: 'AUC',
  f1: 'F1',
  mae: 'MAE',
  mape: 'MAPE',
  mse: 'MSE',
  r2: 'R²',
  rmse: 'RMSE',
};
const SIGNIFICANT_DIGITS = 6;

/** The label of a field or metric: `petal_width` is "Petal width", `baselineMae` is "Baseline MAE". */
export function formatLabel(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`)
    .split(/[\s._-]+/)
    .filter((word) => word !== '')
    .map((word) => ABBREVIATIONS[word.toLowerCase()] ?? word)
    .join(' ');
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

/** Integers in full, other numbers with six significant digits. */
export function formatNumber(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

/** @param share 0 to 1 */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
