/** What a `StreamableFile` of the fixture holds. */
export const PICTURE = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>\n');
