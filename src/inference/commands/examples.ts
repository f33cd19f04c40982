import { exampleOf, type Manifest, type VersionEntry } from '../manifest/manifest.js';
import { disagreement, isClose } from '../pipeline/prove.js';
import type { Prediction } from '../pipeline/respond.js';
import { type Candidate, type Row, withVersion } from './trial.js';

/**
 * A row that the model answers, with its answer; the answer is left out where it is another each time. Undefined where no
 * row that could be made up is answered.
 */
export async function makeExample(candidate: Candidate): Promise<Manifest['example']> {
  const [input, first, second] = await withVersion(candidate, async (version) => {
    const [row = {}] = version.rowsToTry();
    return [row, ...(await version.predictEach([row, row]).catch(() => []))];
  });
  if (!input || !first) return undefined;
  if (!isClose(first, second)) return { input };
  const { output } = candidate.manifest;
  if (output?.value !== undefined) return { input, value: rounded(first.value) as number };
  if (!output) return { input, output: rounded(first) as Row };
  // Said by tensor, it stays true when somebody gives the labels names.
  const byName = await answerByName(candidate, input);
  return { input, output: pick(byName, [output.label ?? output.probabilities ?? output.logits ?? '']) };
}

/** What this version must say of its answer to the model's example, where that is not what the manifest says already. */
export async function ownAnswer(candidate: Candidate): Promise<VersionEntry['example']> {
  const { manifest, version } = candidate;
  const example = exampleOf(manifest, version);
  if (!example) return undefined;
  const { label, value, output } = example;
  const prediction = await answer({ ...candidate, manifest: withoutAnswers(manifest) }, example.input);
  const byName = output ? await answerByName(candidate, example.input) : {};
  if (disagreement(prediction, byName, example) === undefined) return undefined;
  return {
    ...(label === undefined ? {} : { label: prediction.label }),
    ...(value === undefined ? {} : { value: rounded(prediction.value) as number }),
    ...(output === undefined ? {} : { output: pick(byName, Object.keys(output)) }),
  };
}

function answerByName(candidate: Candidate, row: Row): Promise<Prediction> {
  return answer({ ...candidate, manifest: { ...withoutAnswers(candidate.manifest), output: undefined } }, row);
}

async function answer(candidate: Candidate, row: Row): Promise<Prediction> {
  const [first = {}] = await withVersion(candidate, (version) => version.predictEach([row]));
  return first;
}

/** A manifest that expects nothing of the model. */
export function withoutAnswers(manifest: Manifest): Manifest {
  return { ...manifest, example: undefined, versions: undefined };
}

function pick(prediction: Prediction, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, rounded(prediction[name])]));
}

/** Numbers without the digits that float32 does not have, all the way down. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(7));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]));
}
