// Part of the bundle: stacks show lines of `src/`. Node can do that too, but then reads the map at each start, which takes a sixth
// longer for it; here it is read when the first stack is.
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

const PLACE = /file:\S+\/serve\.js:(\d+):(\d+)/g;
const url = new URL('./serve.js.map', import.meta.url);
let map;

Error.prepareStackTrace = (error, frames) => {
  const stack = [nameOf(error), ...frames].join('\n    at ');
  return stack.replace(PLACE, inSource);
};

function nameOf(error) {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function inSource(place, line, column) {
  try {
    map ??= new SourceMap(JSON.parse(readFileSync(url, 'utf8')));
    const { originalSource, originalLine, originalColumn } = map.findEntry(line - 1, column - 1);
    return originalSource ? `${new URL(originalSource, url)}:${originalLine + 1}:${originalColumn + 1}` : place;
  } catch {
    return place;
  }
}
