import { checkElement } from './check-element.js';
import { missingElementOf } from './element-conversion.js';
import type { RowCheck } from './row-check.js';
import { type RowField, type RowSchema, SignatureError } from './row-schema.js';
import { findInvalidDefault } from './row-validator.js';

/**
 * Checks the values that the manifest itself gives for features against the types of their inputs.
 *
 * @throws SignatureError
 */
export function checkFeatureValues(schema: RowSchema, check: RowCheck): void {
  for (const field of schema.fields) {
    checkMissing(field, check);
    checkValues(field, check);
    if (check.errors[0]) throw new SignatureError(`model.json is wrong: ${check.errors[0].message}`);
  }
  const invalid = findInvalidDefault(schema, check);
  if (invalid) throw new SignatureError(`a default in model.json is wrong: ${invalid.message}`);
}

/** The value that takes the place of missing ones may be outside the range, but has to fit the type, scaled too. */
function checkMissing(field: RowField, check: RowCheck): void {
  const { type, feature } = field;
  const { name, nullable, missing, mean, std } = feature;
  if (missing === undefined) {
    if (!nullable || missingElementOf(field) !== undefined) return;
    throw new SignatureError(
      `the feature "${name}" is nullable, and ${type} has no value that means "missing": choose one that the model knows as ` +
        'such, and add it to the feature in model.json as "missing"',
    );
  }
  if (!nullable) {
    throw new SignatureError(
      `the feature "${name}" has a value for "missing" in model.json: add "nullable": true, or remove it`,
    );
  }
  checkElement({ ...field, feature: { name, mean, std } }, missing, ['features', name, 'missing'], check);
}

function checkValues(field: RowField, check: RowCheck): void {
  const { values, ...feature } = field.feature;
  const { name } = feature;
  if (values && field.type === 'bool') {
    throw new SignatureError(`the feature "${name}" takes true and false: remove its "values" from model.json`);
  }
  values?.forEach((value, index) => {
    checkElement(
      { ...field, feature: { ...feature, nullable: false } },
      value,
      ['features', name, 'values', index],
      check,
    );
  });
}
