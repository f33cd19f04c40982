import { Injectable } from '@nestjs/common';
import { InferenceSettings } from '../../inference.settings.js';
import { ReportFileNotFoundError } from '../../inference.errors.js';
import {
  kindOf,
  listReportFiles,
  type PictureSize,
  readReportFile,
  type ReportFile,
  type ReportFileKind,
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
  constructor(private readonly settings: InferenceSettings) {}

  /** @throws ReportFileNotFoundError */
  async file(model: string, name: string): Promise<{ kind: ReportFileKind; bytes: Buffer }> {
    const kind = kindOf(name);
    const bytes = kind && (await this.read(model, name));
    if (kind === undefined || bytes === undefined || (kind === 'png' && !sizeOfPng(bytes))) {
      throw new ReportFileNotFoundError(model, name);
    }
    return { kind, bytes };
  }

  async of(model: string): Promise<ModelReport> {
    const captions = await this.captions(model);
    const files = inOrderOf(captions, await listReportFiles(this.settings.modelsDir, model));
    const partOf = ({ name }: ReportFile): Part => {
      return { name, title: titleOf(name), caption: captions.get(name) };
    };
    const all = <T>(kind: ReportFileKind, make: (file: ReportFile) => Promise<T>): Promise<T[]> =>
      Promise.all(files.filter((file) => file.kind === kind).map(make));
    const [pictures, texts, tables] = await Promise.all([
      all('png', async (file) => ({ ...partOf(file), ...(await this.sizeOf(model, file)) })),
      all('txt', async (file) => ({ ...partOf(file), text: await this.text(model, file) })),
      all('json', async (file) => ({ ...partOf(file), value: parse(await this.text(model, file)) })),
    ]);
    return { pictures: pictures.filter((picture): picture is Picture => 'width' in picture), texts, tables };
  }

  private async sizeOf(model: string, { name }: ReportFile): Promise<PictureSize | undefined> {
    const bytes = await this.read(model, name, FIRST_BYTES);
    return bytes && sizeOfPng(bytes);
  }

  private async text(model: string, { name, size }: ReportFile): Promise<string | undefined> {
    const bytes = size > MAX_SHOWN_BYTES ? undefined : await this.read(model, name);
    return bytes?.toString('utf8');
  }

  private async captions(model: string): Promise<ReadonlyMap<string, string>> {
    const bytes = await this.read(model, CAPTIONS, MAX_SHOWN_BYTES);
    const captions = parse(bytes?.toString('utf8'));
    const entries = typeof captions === 'object' && captions !== null ? Object.entries(captions) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  }

  private read(model: string, name: string, bytes?: number): Promise<Buffer | undefined> {
    return readReportFile(this.settings.modelsDir, model, name, bytes);
  }
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
