/** As a browser asks for a page. */
export const BROWSER_HEADERS = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

/** Text of a page as a reader sees it, tags left out and white space put together. */
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

/** The value that a field of a page is filled in with; undefined where there is no such field. */
export function fieldValue(markup: string, name: string): string | undefined {
  const input = new RegExp(`<input[^>]*\\bname="${name}"[^>]*>`).exec(markup)?.[0];
  return input && /\bvalue="([^"]*)"/.exec(input)?.[1];
}
