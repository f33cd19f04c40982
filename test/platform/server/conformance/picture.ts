/** Content of a `StreamableFile` of the fixture. */
export const PICTURE = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>\n');
