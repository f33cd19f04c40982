import { Injectable } from '@nestjs/common';
import type { Html } from '../../platform/pages/index.js';

/** A part of the account page that is another room's. */
export interface AccountSection {
  /** Its heading. */
  readonly title: string;
  readonly content: Html;
}

type Show = (memberId: string) => AccountSection | Promise<AccountSection>;

/** Lets a room show on the account page what it keeps of a member. */
@Injectable()
export class AccountSections {
  private readonly rooms: Show[] = [];

  /** @param show called each time the member looks at their account */
  add(show: Show): void {
    this.rooms.push(show);
  }

  of(memberId: string): Promise<AccountSection[]> {
    return Promise.all(this.rooms.map(async (show) => show(memberId)));
  }
}
