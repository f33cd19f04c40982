import { Injectable } from '@nestjs/common';
import type { Html } from '../../platform/pages/index.js';

/** A part of the account page that another module renders. */
export interface AccountSection {
  /** The heading. */
  readonly title: string;
  readonly content: Html;
}

type SectionRenderer = (memberId: string) => AccountSection | Promise<AccountSection>;

/** Registry through which other modules add their sections to the account page. */
@Injectable()
export class AccountSections {
  private readonly renderers: SectionRenderer[] = [];

  /** @param renderer called for every view of the account page */
  register(renderer: SectionRenderer): void {
    this.renderers.push(renderer);
  }

  /** All sections for one member, in order of registration. */
  render(memberId: string): Promise<AccountSection[]> {
    return Promise.all(this.renderers.map(async (render) => render(memberId)));
  }
}
