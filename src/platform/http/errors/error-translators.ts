import { Injectable } from '@nestjs/common';
import type { DomainError } from './domain-error.js';

type Translator = (error: unknown) => DomainError | undefined;

/** Lets a room translate the errors of a library to domain errors, so that `platform/http` does not depend on the library. */
@Injectable()
export class ErrorTranslators {
  private readonly translators: Translator[] = [];

  add(translator: Translator): void {
    this.translators.push(translator);
  }

  translate(error: unknown): DomainError | undefined {
    for (const translator of this.translators) {
      const translated = translator(error);
      if (translated) return translated;
    }
    return undefined;
  }
}
