import { Injectable } from '@nestjs/common';
import { decodeText } from '../../platform/config/index.js';
import { DomainError } from '../../platform/http/index.js';
import { ServingSettings } from '../../serving/index.js';
import {
  kindOf,
  type PictureSize,
  type ReportFile,
  type ReportFileKind,
  ReportFolder,
  sizeOfPng,
} from './report-files.js';

/** A larger text or table is linked, not shown. */
const MAX_SHOWN_BYTES = 64 * 2 ** 10;
/** The PNG header, which has the width and height. */
const HEADER_BYTES = 32;
/** Captions by the name of the file. */
const CAPTIONS = 'captions.json';

interface Part {
  /** Name of the file. */
  readonly name: string;
  /** Made from the name: `confusion-matrix.png` is "Confusion matrix". */
  readonly title: string;
  readonly caption: string | undefined;
}

export interface Picture extends Part, PictureSize {}

export interface Text extends Part {
  /** Undefined if it is too large to show. */
  readonly text: string | undefined;
}

export interface Table extends Part {
  /** Undefined if it is too large to show, or no JSON. */
  readonly value: unknown;
}

/** The report of a model's training. */
export interface ModelReport {
  readonly pictures: readonly Picture[];
  readonly texts: readonly Text[];
  readonly tables: readonly Table[];
}

class ReportFileNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'model.report-not-found';

  constructor(model: string, file: string) {
    super(`The report of "${model}" has no file "${file}". Its page, /models/${model}, shows those there are.`);
  }
}

/** Reads the reports that `train.py` wrote into `models/<name>/report/`, without a cache. */
@Injectable()
export class ModelReports {
  constructor(private readonly settings: ServingSettings) {}

  /** @throws ReportFileNotFoundError */
  async file(model: string, name: string): Promise<{ kind: ReportFileKind; bytes: Buffer }> {
    const kind = kindOf(name);
    const bytes = kind && (await (await this.folder(model))?.read(name));
    if (kind === undefined || bytes === undefined || (kind === 'png' && !sizeOfPng(bytes))) {
      throw new ReportFileNotFoundError(model, name);
    }
    return { kind, bytes };
  }

  async of(model: string): Promise<ModelReport> {
    const folder = await this.folder(model);
    if (!folder) return { pictures: [], texts: [], tables: [] };
    const captions = await readCaptions(folder);
    const files = sortByCaption(captions, await folder.list());
    const partOf = ({ name }: ReportFile): Part => ({ name, title: titleOf(name), caption: captions.get(name) });
    const all = <T>(kind: ReportFileKind, make: (file: ReportFile) => Promise<T>): Promise<T[]> =>
      Promise.all(files.filter((file) => file.kind === kind).map(make));
    const [pictures, texts, tables] = await Promise.all([
      all('png', async (file) => ({ ...partOf(file), ...(await readPictureSize(folder, file)) })),
      all('txt', async (file) => ({ ...partOf(file), text: await readText(folder, file) })),
      all('json', async (file) => ({ ...partOf(file), value: parseJson(await readText(folder, file)) })),
    ]);
    return { pictures: pictures.filter((picture): picture is Picture => 'width' in picture), texts, tables };
  }

  private folder(model: string): Promise<ReportFolder | undefined> {
    return ReportFolder.of(this.settings.modelsDir, model);
  }
}

async function readPictureSize(folder: ReportFolder, { name }: ReportFile): Promise<PictureSize | undefined> {
  const bytes = await folder.read(name, HEADER_BYTES);
  return bytes && sizeOfPng(bytes);
}

async function readText(folder: ReportFolder, { name, size }: ReportFile): Promise<string | undefined> {
  const bytes = size > MAX_SHOWN_BYTES ? undefined : await folder.read(name);
  return bytes && decodeText(bytes);
}

async function readCaptions(folder: ReportFolder): Promise<ReadonlyMap<string, string>> {
  const bytes = await folder.read(CAPTIONS, MAX_SHOWN_BYTES);
  const captions = parseJson(bytes && decodeText(bytes));
  const entries = typeof captions === 'object' && captions !== null ? Object.entries(captions) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Files with a caption first, in the order of the captions; without the file of captions itself. */
function sortByCaption(captions: ReadonlyMap<string, string>, files: readonly ReportFile[]): ReportFile[] {
  const order = [...captions.keys()];
  const place = ({ name }: ReportFile): number => (captions.has(name) ? order.indexOf(name) : order.length);
  return files.filter(({ name }) => name !== CAPTIONS).sort((a, b) => place(a) - place(b));
}

function titleOf(name: string): string {
  const words = name.slice(0, name.lastIndexOf('.')).replace(/[-_]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
