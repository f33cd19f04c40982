/** Escaped markup. Only `html` makes it. */
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

/** Template tag: escapes strings, and inserts markup unchanged. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: literals.map((literal, index) => literal + render(parts[index] ?? '')).join('') };
}

/** `markup` if `condition` is true, else empty markup. */
export function when(condition: boolean, markup: Html): Html {
  return condition ? markup : { markup: '' };
}

function render(part: Part): string {
  if (typeof part === 'string') return part.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
}
