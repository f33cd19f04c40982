/** Request headers of a browser that navigates to a page. */
export const BROWSER_HEADERS = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

/** The text of a page, without tags and with white space collapsed. */
export function visibleText(markup: string): string {
  const text = markup.replace(/<(?:head|style|script)\b.*?<\/\w+>/gs, ' ').replace(/<[^>]*>/g, ' ');
  return text
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The value of an `<input>`; undefined if the page has none with this name. */
export function fieldValue(markup: string, name: string): string | undefined {
  const input = new RegExp(`<input[^>]*\\bname="${name}"[^>]*>`).exec(markup)?.[0];
  return input && /\bvalue="([^"]*)"/.exec(input)?.[1];
}
