/** One setting that is wrong: what it is called, and what was expected of it. */
export interface SettingProblem {
  readonly name: string;
  readonly expected: string;
}

/** Every wrong setting at once, in words fit for an operator. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly SettingProblem[]) {
    super(['Wrong settings:', ...problems.map(({ name, expected }) => `  ${name}: ${expected}`)].join('\n'));
    this.name = 'SettingsError';
  }
}

/** The variables a process was started with, as `process.env` has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

interface NumberRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Reads typed settings out of environment variables and collects what is wrong with them, so that one start names every
 * mistake. A reader that finds a mistake answers with the default: the caller never sees it, because start-up ends.
 */
export class Env {
  readonly problems: SettingProblem[] = [];

  constructor(private readonly variables: Variables) {}

  /** Records that `name` is wrong. */
  addProblem(name: string, expected: string): void {
    if (!this.problems.some((problem) => problem.name === name)) this.problems.push({ name, expected });
  }

  /** The text of a variable; one set to nothing counts as not set. */
  optional(name: string): string | undefined {
    const value = this.variables[name]?.trim();
    return value === '' ? undefined : value;
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  /** A whole number, in decimal digits. */
  integer(name: string, rule: NumberRule): number {
    return this.numeric(name, rule, /^\d{1,15}$/, 'a whole number');
  }

  /** A number that may have a fraction. */
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

  /** A comma-separated list without empty parts. */
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
