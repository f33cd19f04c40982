/** An invalid setting. */
export interface SettingProblem {
  /** Name of the environment variable. */
  readonly name: string;
  /** Description of the valid values. */
  readonly expected: string;
}

/** All invalid settings. The message is written for operators. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly SettingProblem[]) {
    super(['Wrong settings:', ...problems.map(({ name, expected }) => `  ${name}: ${expected}`)].join('\n'));
    this.name = 'SettingsError';
  }
}

/** Environment variables in the form of `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

interface NumberRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Reads typed settings from environment variables and collects the problems, so that one start reports all of them. For an
 * invalid value the methods return the default. It is never used, because the start then fails.
 */
export class Env {
  readonly problems: SettingProblem[] = [];

  constructor(private readonly variables: Variables) {}

  /** Records that the variable `name` is invalid. Only the first problem of a variable counts. */
  addProblem(name: string, expected: string): void {
    if (!this.problems.some((problem) => problem.name === name)) this.problems.push({ name, expected });
  }

  /** @returns the trimmed value of a variable; undefined if it is not set or empty */
  optional(name: string): string | undefined {
    const value = this.variables[name]?.trim();
    return value === '' ? undefined : value;
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  /** Reads a whole number in decimal digits. */
  integer(name: string, rule: NumberRule): number {
    return this.numeric(name, rule, /^\d{1,15}$/, 'a whole number');
  }

  /** Reads a decimal number that may have a fraction. */
  decimal(name: string, rule: NumberRule): number {
    return this.numeric(name, rule, /^\d{1,15}(\.\d{1,9})?$/, 'a number');
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    if (value !== 'true' && value !== 'false') this.addProblem(name, `expected true or false, got "${value}"`);
    return value === 'true';
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.addProblem(name, `expected one of ${choices.join(', ')}, got "${value}"`);
    return found ?? fallback;
  }

  /** Reads a comma-separated list. Empty items are dropped. */
  list(name: string): string[] {
    const parts = this.optional(name)?.split(',') ?? [];
    return parts.map((part) => part.trim()).filter((part) => part !== '');
  }

  private numeric(name: string, rule: NumberRule, pattern: RegExp, kind: string): number {
    const value = this.optional(name);
    if (value === undefined) return rule.default;
    const number = Number(value);
    if (pattern.test(value) && number >= rule.min && number <= rule.max) return number;
    this.addProblem(name, `expected ${kind} from ${rule.min} to ${rule.max}, got "${value}"`);
    return rule.default;
  }
}
