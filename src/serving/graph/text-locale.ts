import type { OnnxNode } from './onnx-node.js';
import type { OnnxModel } from './onnx-model.js';

/** The locale of `StringNormalizer` unless it names another; few servers have it. */
const DEFAULT_LOCALES = new Set(['', 'en_US', 'en_US.UTF-8', 'en_US.utf8']);
/** Part of the C library on every Linux, and lowers and raises letters as `en_US.UTF-8` does. */
const ANYWHERE = 'C.UTF-8';

/** The operators that would need the locale `en_US`, with one that is the same and present; none but on Linux. */
export function localeEdits(
  model: OnnxModel,
  platform: NodeJS.Platform = process.platform,
): Map<OnnxNode, readonly Buffer[]> {
  const edits = new Map<OnnxNode, readonly Buffer[]>();
  if (platform !== 'linux') return edits;
  for (const node of model.nodes) {
    const isLocal = node.operator === 'StringNormalizer' && DEFAULT_LOCALES.has(node.text('locale') ?? '');
    if (isLocal) edits.set(node, [node.withText('locale', ANYWHERE)]);
  }
  return edits;
}
