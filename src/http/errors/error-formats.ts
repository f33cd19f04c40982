import { Injectable } from '@nestjs/common';
import type { Problem } from './problem.js';

/** An error answer as a protocol has it. */
export interface FormattedError {
  readonly status: number;
  readonly contentType: string;
  /** An object is written as JSON. */
  readonly body: object | string;
}

type Format = (problem: Problem) => FormattedError;

/** Lets a room that speaks somebody else's protocol answer errors as that has them, also where no route of its own is met. */
@Injectable()
export class ErrorFormats {
  private readonly formats = new Map<string, Format>();

  /** @param path under which every error is answered so: `/v2` */
  add(path: string, format: Format): void {
    this.formats.set(path, format);
  }

  find(path: string): Format | undefined {
    for (const [prefix, format] of this.formats) {
      if (path === prefix || path.startsWith(`${prefix}/`)) return format;
    }
    return undefined;
  }
}
