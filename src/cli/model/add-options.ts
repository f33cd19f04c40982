import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Access,
  isModelName,
  isVersion,
  MODEL_NAME_RULE,
  type ModelFiles,
  readModelFiles,
  scanModels,
  VERSION_RULE,
} from '../../serving/index.js';
import { CommandError, parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { nextVersion, openModel, type StoredModel } from './stored-models.js';

const OPTIONS = {
  name: { type: 'string' },
  version: { type: 'string' },
  reference: { type: 'string' },
  access: { type: 'string' },
  candidate: { type: 'boolean' },
  'own-answer': { type: 'boolean' },
} as const;
const EXPECTED =
  'Expected: npm run model -- add <file.onnx> --name <name> [--version <n>] [--reference <rows.csv|rows.json>] ' +
  '[--access public|member|admin] [--candidate] [--own-answer]';
const ACCESS = ['public', 'member', 'admin'] as const;

/** What `add` adds. */
export interface Addition {
  readonly name: string;
  readonly version: string;
  readonly files: ModelFiles;
  /** The model, if the store has it. */
  readonly existing: StoredModel | undefined;
  /** `--reference`: a file of rows with the outputs of the training library. */
  readonly referenceFile: string | undefined;
  /** `--access`: who may predict with a new model; everybody unless given. */
  readonly access: Access | undefined;
  /** `--candidate`: whether it serves by default only once an administrator chooses it. */
  readonly isCandidate: boolean;
  /** `--own-answer`: whether its prediction for the model's example may differ from the one in the manifest. */
  readonly allowsOtherPrediction: boolean;
}

/** Parses the arguments of `add`, and reads the model file. @throws CommandError */
export async function parseAddition(args: string[], { modelsDir }: CommandContext): Promise<Addition> {
  const { values, positionals } = parseArguments(args, OPTIONS, { min: 1, max: 1, expected: EXPECTED });
  const [file = ''] = positionals;
  const name = requireValidName(values.name, file);
  const existing = await findExisting(modelsDir, name);
  const version = requireNewVersion(values.version ?? (existing ? nextVersion(existing) : '1'), existing);
  return {
    name,
    version,
    existing,
    access: requireAccess(values.access, existing),
    files: await readSource(file),
    referenceFile: values.reference,
    isCandidate: values.candidate ?? false,
    allowsOtherPrediction: values['own-answer'] ?? false,
  };
}

function requireValidName(name: string | undefined, file: string): string {
  if (name === undefined) throw new CommandError(`--name is required: npm run model -- add ${file} --name <name>`);
  if (isModelName(name)) return name;
  throw new CommandError(`--name: expected ${MODEL_NAME_RULE}, got "${name}".`);
}

function requireNewVersion(version: string, existing: StoredModel | undefined): string {
  if (!isVersion(version)) throw new CommandError(`--version: expected ${VERSION_RULE}, got "${version}".`);
  if (!existing?.versions.includes(version)) return version;
  throw new CommandError(
    `The model "${existing.name}" has a version ${version} already. Leave out --version to add the next one.`,
  );
}

function requireAccess(text: string | undefined, existing: StoredModel | undefined): Access | undefined {
  if (text === undefined) return undefined;
  const access = ACCESS.find((known) => known === text);
  if (access === undefined) throw new CommandError(`--access: expected one of ${ACCESS.join(', ')}, got "${text}".`);
  const current = existing && (existing.manifest.access ?? 'public');
  if (current === undefined || current === access) return access;
  throw new CommandError(
    `--access: the model "${existing!.name}" exists, and its access is ${current} for all its versions: change it in model.json.`,
  );
}

async function findExisting(modelsDir: string, name: string): Promise<StoredModel | undefined> {
  const folder = (await scanModels(modelsDir)).find((found) => found.name === name);
  return folder && openModel(folder);
}

async function readSource(file: string): Promise<ModelFiles> {
  try {
    return readModelFiles(await realpath(resolve(file)), {});
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(`${file}: ${code === 'ENOENT' ? 'there is no such file' : message}`, { cause: error });
  }
}
