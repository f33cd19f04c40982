import { Injectable } from '@nestjs/common';
import { actorOf, DomainError, networkOf } from '../../platform/http/index.js';
import { SecurityLog } from '../../platform/logging/index.js';
import { TooManyFailuresError } from '../auth.errors.js';
import { digestOf } from '../digest.js';
import type { HttpContext } from '../sessions/http-context.js';
import { FailureCounts, type Window } from './failure-counts.js';
import { KnownAddresses } from './known-addresses.js';
import { Places } from './places.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** So many failures, and it is over until the window has passed. */
const BY_ADDRESS_ON_ACCOUNT = { max: 10, ms: 15 * MINUTE_MS };
const BY_ADDRESS = { max: 100, ms: 15 * MINUTE_MS };
/** So many, and who has never logged in there from where they are has to come twice. */
const ON_ACCOUNT = { max: 50, ms: 60 * MINUTE_MS };
/** Between the two. */
const PAUSE_MS = 15 * SECOND_MS;
/** Who has not come the second time by then begins anew. */
const PATIENCE_MS = 10 * MINUTE_MS;

const WRONG_PASSWORD = ['auth.bad-credentials', 'auth.wrong-password'];
const EMAIL_TAKEN = ['auth.email-taken'];

interface Limit extends Window {
  readonly max: number;
  /** What the log calls it. */
  readonly name: string;
}

/**
 * Slows down who guesses: passwords, and which e-mails there are. Failures are counted by address on an account, by
 * address, and on an account. However many strangers guess, the owner of an account always gets in: at once from where
 * they have logged in before, else by coming again.
 */
@Injectable()
export class Attempts {
  private readonly places = new Places();

  constructor(
    private readonly counts: FailureCounts,
    private readonly known: KnownAddresses,
    private readonly security: SecurityLog,
  ) {}

  /**
   * Does `check`, which throws where the password is wrong.
   *
   * @param email of the account that is tried, whether there is one or not
   * @throws TooManyFailuresError instead of doing it; and what `check` throws
   */
  checkPassword<T>(context: HttpContext, email: string, check: () => Promise<T>): Promise<T> {
    return this.logged(context, async (address) => {
      const pair = limitOf('address-on-account', [email, address], BY_ADDRESS_ON_ACCOUNT);
      const account = limitOf('account', [email], ON_ACCOUNT);
      const hard = [pair, limitOf('address', [address], BY_ADDRESS)];
      return this.within(hard, async () => {
        await this.demandPatience(account, email, address);
        const result = await this.counted([...hard, account], WRONG_PASSWORD, check);
        if (await this.counts.find(pair.key)) await this.counts.forget(pair.key);
        return result;
      });
    });
  }

  /**
   * Does `add`, which throws where the e-mail is taken. Counted by address alone, since to ask for one e-mail again tells
   * nothing new; and apart from logins, which go on.
   *
   * @throws TooManyFailuresError instead of doing it; and what `add` throws
   */
  addMember<T>(context: HttpContext, add: () => Promise<T>): Promise<T> {
    return this.logged(context, (address) => {
      const limits = [limitOf('sign-ups', [address], BY_ADDRESS)];
      return this.within(limits, () => this.counted(limits, EMAIL_TAKEN, add));
    });
  }

  private async logged<T>({ request }: HttpContext, work: (address: string) => Promise<T>): Promise<T> {
    try {
      return await work(networkOf(request.ip ?? ''));
    } catch (error) {
      if (error instanceof TooManyFailuresError) {
        this.security.record('auth.limited', actorOf(request), { limit: error.limit, path: request.path });
      }
      throw error;
    }
  }

  /** Does it while there is room for one more failure. */
  private async within<T>(limits: readonly Limit[], work: () => Promise<T>): Promise<T> {
    const leave = await this.enter(limits);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Waits where those who are at it may use up what is left; throws where nothing is left. */
  private async enter(limits: readonly Limit[]): Promise<() => void> {
    for (;;) {
      const rooms = [];
      for (const { key, max, name } of limits) {
        const found = await this.counts.find(key);
        if (found && found.failures >= max) throw new TooManyFailuresError(name, msUntil(found.expiresAt));
        rooms.push({ key, size: max - (found?.failures ?? 0) });
      }
      const leave = this.places.take(rooms);
      if (leave) return leave;
      await this.places.change(rooms);
    }
  }

  /** An account that many have guessed at lets strangers in only when they come again, each after a pause of their own. */
  private async demandPatience({ key, max, name }: Limit, email: string, address: string): Promise<void> {
    const found = await this.counts.find(key);
    if (!found || found.failures < max || (await this.known.has(email, address))) return;
    const visit = digestOf('visit', email, address);
    const first = await this.counts.find(visit);
    if (!first) {
      await this.counts.add([{ key: visit, ms: PAUSE_MS + PATIENCE_MS }]);
      throw new TooManyFailuresError(name, PAUSE_MS);
    }
    const waitMs = msUntil(first.expiresAt) - PATIENCE_MS;
    if (waitMs > 0) throw new TooManyFailuresError(name, waitMs);
    await this.counts.forget(visit);
  }

  /** @param failures codes of the errors that are counted */
  private async counted<T>(limits: readonly Limit[], failures: readonly string[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DomainError && failures.includes(error.code)) await this.counts.add(limits);
      throw error;
    }
  }
}

function limitOf(name: string, of: readonly string[], rule: { max: number; ms: number }): Limit {
  return { name, key: digestOf(name, ...of), ...rule };
}

function msUntil(instant: Date): number {
  return instant.getTime() - Date.now();
}
