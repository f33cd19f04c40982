import { type TextFields, textFieldsOf } from '../../platform/http/index.js';
import type { FoundPipeline } from '../pipelines/pipelines.service.js';
import { takesForms } from './prediction-input.js';
import type { ModelVersion } from '../../serving/index.js';

/**
 * How the cells of a CSV, which are texts, become inputs: of the model's features, or of the pipeline's own DTO. Undefined
 * where there is no telling what a text would be.
 */
export function textRowsOf(version: ModelVersion, pipeline: FoundPipeline | undefined): TextFields | undefined {
  const { input } = pipeline?.metadata ?? {};
  if (input) return textFieldsOf(input);
  if (!takesForms(pipeline) || !version.schema) return undefined;
  const { fields } = version.schema;
  return {
    names: fields.map(({ name }) => name),
    required: fields.filter(({ feature }) => feature.default === undefined).map(({ name }) => name),
    read: (texts) => version.fromForm(texts),
  };
}
