/** Markup that is safe to send. Only `html` makes it. */
export interface Html {
  readonly markup: string;
}

type Part = Html | readonly Html[] | string;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup with its parts filled in: text is escaped, markup is taken as it is. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: literals.map((literal, index) => literal + render(parts[index] ?? '')).join('') };
}

/** Markup where `condition` holds, and nothing where it does not. */
export function when(condition: boolean, markup: Html): Html {
  return condition ? markup : { markup: '' };
}

function render(part: Part): string {
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
}
