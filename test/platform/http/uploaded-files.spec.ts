import fc from 'fast-check';
import { DomainError } from '../../../src/platform/http/index.js';
import { parseFiles, type UploadedFiles } from '../../../src/platform/http/body/uploaded-files.js';
import { readForm } from '../../../src/platform/http/body/multipart.js';
import { BOUNDARY, MULTIPART, multipart, type Part } from '../../support/forms.js';
import { inChunks } from '../../support/records.js';

const TYPE = MULTIPART['content-type'];

function parse(...parts: Part[]): Promise<UploadedFiles> {
  return parseFiles(multipart(parts), TYPE);
}

describe('parseFiles', () => {
  it('returns the files of a form in their order, and its fields', async () => {
    const content = Buffer.from([0, 255, 13, 10, 45, 45]);
    const { files, fields } = await parse(
      { name: 'file', filename: '메뉴.csv', type: 'Text/CSV; charset=utf-8', content },
      { name: 'file', filename: 'b.csv', type: 'text/csv;header=present; charset="CP949"', content: 'x' },
      { name: 'note', content: 'où' },
      { name: 'other', filename: 'b', content: '' },
    );
    expect(files).toEqual([
      { field: 'file', name: '메뉴.csv', mediaType: 'text/csv', charset: 'utf-8', bytes: content },
      { field: 'file', name: 'b.csv', mediaType: 'text/csv', charset: 'cp949', bytes: Buffer.from('x') },
      { field: 'other', name: 'b', mediaType: 'text/plain', charset: undefined, bytes: Buffer.alloc(0) },
    ]);
    expect(fields).toEqual({ note: 'où' });
  });

  it('returns a body that is not a form as one file', async () => {
    const { files } = await parseFiles(Buffer.from('a,b'), 'text/csv; charset=utf-8');
    const file = { field: 'file', name: undefined, mediaType: 'text/csv', charset: 'utf-8' };
    expect(files).toEqual([{ ...file, bytes: Buffer.from('a,b') }]);
  });

  it('removes folders from file names, and skips the empty part that browsers send if no file was chosen', async () => {
    const names = ['../../etc/passwd', 'C:\\menu\\a.csv', `${'x'.repeat(300)}.csv`, ''];
    const { files } = await parse(...names.map((filename) => ({ name: 'file', filename, content: 'x' })));
    expect(files.map(({ name }) => name)).toEqual(['passwd', 'a.csv', 'x'.repeat(255), undefined]);
    expect((await parse({ name: 'file', filename: '', content: '' })).files).toEqual([]);
    expect((await parse({ name: 'file', content: 'from curl -F file=<' })).files).toHaveLength(1);
  });

  it.each([
    ['no boundary', 'multipart/form-data', multipart([])],
    ['an empty boundary', 'multipart/form-data; boundary=', multipart([])],
    ['nothing', TYPE, Buffer.alloc(0)],
    ['no end', TYPE, multipart([{ name: 'file', filename: 'a', content: 'x' }], BOUNDARY, '')],
    ['half a head', TYPE, multipart([{ name: 'file', filename: 'a', content: 'x' }]).subarray(0, 40)],
    ['half a file', TYPE, multipart([{ name: 'file', filename: 'a', content: 'x'.repeat(100) }]).subarray(0, 130)],
    ['another boundary', 'multipart/form-data; boundary=other', multipart([{ name: 'file', content: 'x' }])],
  ])('are malformed with %s', async (_, type, body) => {
    await expect(parseFiles(body, type)).rejects.toMatchObject({ code: 'request.malformed' });
  });

  it('rejects a part without a name', async () => {
    const body = String(multipart([{ name: 'x', filename: 'a', content: '1' }])).replace('name="x"; ', '');
    await expect(parseFiles(Buffer.from(body), TYPE)).rejects.toMatchObject({ code: 'request.malformed' });
  });

  it('rejects too many files, a field that is too long, and a duplicate field', async () => {
    const code = 'request.too-large';
    const many = Array.from({ length: 101 }, (_, index) => `f${index}`);
    await expect(parse(...many.map((name) => ({ name, filename: name, content: '' })))).rejects.toMatchObject({ code });
    await expect(parse(...many.map((name) => ({ name, content: '' })))).rejects.toMatchObject({ code });
    await expect(parse({ name: 'a', content: 'x'.repeat(70_000) })).rejects.toMatchObject({ code });
    await expect(parse({ name: 'a', content: '1' }, { name: 'a', content: '2' })).rejects.toMatchObject({
      errors: [{ location: ['body', 'a'], type: 'duplicate' }],
    });
    expect(Object.entries((await parse({ name: '__proto__', content: '1' })).fields)).toEqual([['__proto__', '1']]);
  });

  it('returns arbitrary bytes unchanged', async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc
        .string({ unit: fc.constantFrom('\r', '\n', '-', '--b0undar', '\r\n--', 'x') })
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(content, { maxLength: 5 }), async (contents) => {
        const { files } = await parse(...contents.map((bytes) => ({ name: 'f', filename: 'n', content: bytes })));
        expect(files.map(({ bytes }) => bytes)).toEqual(contents);
      }),
    );
  });

  it('emits the parts in their order, however the body is split into chunks', async () => {
    const contents = ['a,b\r\n1,2\r\n', '', '\r\n--b0undar\r\n'.repeat(50), 'x'];
    const form = multipart(contents.map((content, index) => ({ name: `f${index}`, filename: 'n', content })));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 30 }), async (ends) => {
        const found: string[][] = [];
        for await (const event of readForm(inChunks(form, ends), TYPE)) {
          if (event.type === 'file') found.push([event.field, '']);
          else if (event.type === 'bytes') found.at(-1)![1] += String(event.bytes);
          else found.at(-1)!.push(event.type);
        }
        expect(found).toEqual(contents.map((content, index) => [`f${index}`, content, 'end']));
      }),
    );
  });

  it('returns or throws for every mutated form, and never hangs', async () => {
    const whole = multipart([
      { name: 'file', filename: 'a.csv', type: 'text/csv', content: 'a,b\r\n1,2\r\n' },
      { name: 'note', content: 'x' },
      { name: 'file', filename: 'b.csv', content: '' },
    ]);
    const change = fc.record({
      from: fc.nat(whole.length),
      length: fc.nat(60),
      by: fc.constantFrom('', '\0', '\r\n', '\r\n\r\n', '--b0undary', '--b0undary--', '"', ';', 'name=', '\xff', ': '),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const broken = changes.reduce(
          (body, { from, length, by }) =>
            Buffer.concat([body.subarray(0, from), Buffer.from(by, 'latin1'), body.subarray(from + length)]),
          whole,
        );
        const result = await parseFiles(broken, TYPE).catch((error: unknown) => error);
        expect(result instanceof DomainError || 'files' in (result as object)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
