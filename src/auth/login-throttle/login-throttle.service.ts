import { Injectable } from '@nestjs/common';
import { actorOf, DomainError, networkOf } from '../../platform/http/index.js';
import { SecurityLog } from '../../platform/logging/index.js';
import { TooManyFailuresError } from '../auth.errors.js';
import type { HttpContext } from '../sessions/http-context.js';
import { sha256Of } from '../sha256.js';
import { FailureCountsRepository, type FailureWindow } from './failure-counts.repository.js';
import { KnownAddressesRepository } from './known-addresses.repository.js';
import { Reservations } from './reservations.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

// Limits on logins and other password checks. The first two refuse until the window closes.
/** Failures of one address on one account. */
const ADDRESS_ON_ACCOUNT_LIMIT = { max: 10, ms: 15 * MINUTE_MS };
/** Failures of one address on all accounts. Applies to sign-ups too, counted separately. */
const ADDRESS_LIMIT = { max: 100, ms: 15 * MINUTE_MS };
/** Failures on one account. Beyond it, an address without an earlier login to the account has to make a second attempt. */
const ACCOUNT_LIMIT = { max: 50, ms: 60 * MINUTE_MS };
/** Minimum delay of the second attempt after the first. */
const SECOND_ATTEMPT_DELAY_MS = 15 * SECOND_MS;
/** Period after that delay in which the second attempt is accepted; later it counts as a first attempt. */
const SECOND_ATTEMPT_WINDOW_MS = 10 * MINUTE_MS;

const WRONG_PASSWORD_CODES = ['auth.bad-credentials', 'auth.wrong-password'];
const EMAIL_TAKEN_CODES = ['auth.email-taken'];

interface Limit extends FailureWindow {
  readonly max: number;
  /** Name of the limit in the security log. */
  readonly name: string;
}

/**
 * Limits guessing of passwords and of registered e-mail addresses. Counts failures by address and account, by address, and by
 * account. However many strangers guess, the owner of an account is never locked out: an address with an earlier login is
 * let in at once, any other at its second attempt.
 */
@Injectable()
export class LoginThrottle {
  private readonly reservations = new Reservations();

  constructor(
    private readonly counts: FailureCountsRepository,
    private readonly knownAddresses: KnownAddressesRepository,
    private readonly security: SecurityLog,
  ) {}

  /**
   * Runs a password check within the limits, and counts its failure.
   *
   * @param email of the account, which need not exist
   * @param check throws if the password is wrong
   * @throws TooManyFailuresError without running `check`, if a limit is reached
   */
  throttlePasswordCheck<T>(context: HttpContext, email: string, check: () => Promise<T>): Promise<T> {
    return this.logRefusals(context, async (address) => {
      const addressOnAccount = limitOf('address-on-account', [email, address], ADDRESS_ON_ACCOUNT_LIMIT);
      const account = limitOf('account', [email], ACCOUNT_LIMIT);
      const refusing = [addressOnAccount, limitOf('address', [address], ADDRESS_LIMIT)];
      return this.withReservation(refusing, async () => {
        await this.requireSecondAttempt(account, email, address);
        const result = await this.countFailures([...refusing, account], WRONG_PASSWORD_CODES, check);
        if (await this.counts.find(addressOnAccount.key)) await this.counts.remove(addressOnAccount.key);
        return result;
      });
    });
  }

  /**
   * Runs a sign-up within the limit, and counts its failure. Counted by address only, because repeating one e-mail reveals
   * nothing new; and apart from logins, which stay possible.
   *
   * @param signUp throws if the e-mail is taken
   * @throws TooManyFailuresError without running `signUp`, if the limit is reached
   */
  throttleSignUp<T>(context: HttpContext, signUp: () => Promise<T>): Promise<T> {
    return this.logRefusals(context, (address) => {
      const limits = [limitOf('sign-ups', [address], ADDRESS_LIMIT)];
      return this.withReservation(limits, () => this.countFailures(limits, EMAIL_TAKEN_CODES, signUp));
    });
  }

  private async logRefusals<T>({ request }: HttpContext, work: (address: string) => Promise<T>): Promise<T> {
    try {
      return await work(networkOf(request.ip ?? ''));
    } catch (error) {
      if (error instanceof TooManyFailuresError) {
        this.security.record('auth.limited', actorOf(request), { limit: error.limit, path: request.path });
      }
      throw error;
    }
  }

  /** Holds one slot of every limit while `work` runs. */
  private async withReservation<T>(limits: readonly Limit[], work: () => Promise<T>): Promise<T> {
    const release = await this.reserve(limits);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Waits while running attempts hold the remaining slots; throws once failures have used them up. */
  private async reserve(limits: readonly Limit[]): Promise<() => void> {
    for (;;) {
      const remaining = [];
      for (const { key, max, name } of limits) {
        const count = await this.counts.find(key);
        if (count && count.failures >= max) throw new TooManyFailuresError(name, msUntil(count.expiresAt));
        remaining.push({ key, slots: max - (count?.failures ?? 0) });
      }
      const release = this.reservations.tryReserve(remaining);
      if (release) return release;
      await this.reservations.waitForRelease(remaining);
    }
  }

  /** Beyond the limit of the account, refuses the first attempt of each unknown address; every address has its own delay. */
  private async requireSecondAttempt({ key, max, name }: Limit, email: string, address: string): Promise<void> {
    const count = await this.counts.find(key);
    if (!count || count.failures < max || (await this.knownAddresses.has(email, address))) return;
    const attemptKey = sha256Of('visit', email, address);
    const first = await this.counts.find(attemptKey);
    if (!first) {
      await this.counts.increment([{ key: attemptKey, ms: SECOND_ATTEMPT_DELAY_MS + SECOND_ATTEMPT_WINDOW_MS }]);
      throw new TooManyFailuresError(name, SECOND_ATTEMPT_DELAY_MS);
    }
    const waitMs = msUntil(first.expiresAt) - SECOND_ATTEMPT_WINDOW_MS;
    if (waitMs > 0) throw new TooManyFailuresError(name, waitMs);
    await this.counts.remove(attemptKey);
  }

  /** @param codes of the errors that count as failures */
  private async countFailures<T>(
    limits: readonly Limit[],
    codes: readonly string[],
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DomainError && codes.includes(error.code)) await this.counts.increment(limits);
      throw error;
    }
  }
}

function limitOf(name: string, subject: readonly string[], rule: { max: number; ms: number }): Limit {
  return { name, key: sha256Of(name, ...subject), ...rule };
}

function msUntil(instant: Date): number {
  return instant.getTime() - Date.now();
}
