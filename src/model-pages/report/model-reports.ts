import { Injectable } from '@nestjs/common';
import { ServingSettings } from '../../serving/index.js';
import { ReportFileNotFoundError } from './report.errors.js';
import {
  kindOf,
  type PictureSize,
  type ReportFile,
  type ReportFileKind,
  ReportFolder,
  sizeOfPng,
} from './report-files.js';

/** A longer text or table is there to be downloaded. */
const MAX_SHOWN_BYTES = 64 * 2 ** 10;
/** They say how large a picture is. */
const FIRST_BYTES = 32;
/** Says of each other file what is to be seen in it. */
const CAPTIONS = 'captions.json';

interface Part {
  /** Of the file. */
  readonly name: string;
  /** The file's name in words: `confusion-matrix.png` is "Confusion matrix". */
  readonly title: string;
  readonly caption: string | undefined;
}

export interface Picture extends Part, PictureSize {}

export interface Text extends Part {
  /** Undefined where it is too long to be shown. */
  readonly text: string | undefined;
}

export interface Table extends Part {
  /** Undefined where it is too large, or no JSON. */
  readonly value: unknown;
}

/** What training has left for people to see. */
export interface ModelReport {
  readonly pictures: readonly Picture[];
  readonly texts: readonly Text[];
  readonly tables: readonly Table[];
}

/** The reports of models: what `train.py` wrote into `models/<name>/report/`, as it is now. */
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
    const captions = await captionsIn(folder);
    const files = inOrderOf(captions, await folder.list());
    const partOf = ({ name }: ReportFile): Part => ({ name, title: titleOf(name), caption: captions.get(name) });
    const all = <T>(kind: ReportFileKind, make: (file: ReportFile) => Promise<T>): Promise<T[]> =>
      Promise.all(files.filter((file) => file.kind === kind).map(make));
    const [pictures, texts, tables] = await Promise.all([
      all('png', async (file) => ({ ...partOf(file), ...(await pictureSizeOf(folder, file)) })),
      all('txt', async (file) => ({ ...partOf(file), text: await textOf(folder, file) })),
      all('json', async (file) => ({ ...partOf(file), value: parse(await textOf(folder, file)) })),
    ]);
    return { pictures: pictures.filter((picture): picture is Picture => 'width' in picture), texts, tables };
  }

  private folder(model: string): Promise<ReportFolder | undefined> {
    return ReportFolder.of(this.settings.modelsDir, model);
  }
}

async function pictureSizeOf(folder: ReportFolder, { name }: ReportFile): Promise<PictureSize | undefined> {
  const bytes = await folder.read(name, FIRST_BYTES);
  return bytes && sizeOfPng(bytes);
}

async function textOf(folder: ReportFolder, { name, size }: ReportFile): Promise<string | undefined> {
  const bytes = size > MAX_SHOWN_BYTES ? undefined : await folder.read(name);
  return bytes?.toString('utf8');
}

async function captionsIn(folder: ReportFolder): Promise<ReadonlyMap<string, string>> {
  const bytes = await folder.read(CAPTIONS, MAX_SHOWN_BYTES);
  const captions = parse(bytes?.toString('utf8'));
  const entries = typeof captions === 'object' && captions !== null ? Object.entries(captions) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** What has a caption comes first, in the captions' order; the captions themselves are not shown. */
function inOrderOf(captions: ReadonlyMap<string, string>, files: readonly ReportFile[]): ReportFile[] {
  const order = [...captions.keys()];
  const place = ({ name }: ReportFile): number => (captions.has(name) ? order.indexOf(name) : order.length);
  return files.filter(({ name }) => name !== CAPTIONS).sort((a, b) => place(a) - place(b));
}

function titleOf(name: string): string {
  const words = name.slice(0, name.lastIndexOf('.')).replace(/[-_]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
