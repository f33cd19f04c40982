// The catalogue on Fastify and plain better-sqlite3: prepared statements, a schema for each body and answer, no login.
// The file has the table and the settings of Barista's: a write that was answered survives a power cut.
// Arguments: the database's file.
import Database from 'better-sqlite3';
import Fastify from 'fastify';

const [file] = process.argv.slice(2);
const database = new Database(file);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(`
  CREATE TABLE IF NOT EXISTS menu (
    id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
    name varchar(32) NOT NULL,
    nameKey text NOT NULL,
    price integer NOT NULL,
    ownerId varchar(36),
    version integer NOT NULL,
    createdAt bigint NOT NULL,
    updatedAt bigint NOT NULL
  );
  CREATE INDEX IF NOT EXISTS menu_name_id ON menu (name, id);
  CREATE INDEX IF NOT EXISTS menu_price_id ON menu (price, id);
  CREATE INDEX IF NOT EXISTS menu_owner ON menu (ownerId);
`);
const find = database.prepare('SELECT id, name, price, ownerId, createdAt, updatedAt FROM menu WHERE id = ?');
const add = database.prepare(
  'INSERT INTO menu (name, nameKey, price, ownerId, version, createdAt, updatedAt) VALUES (?, ?, ?, ?, 1, ?, ?)',
);

const MENU = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: 'string' },
    price: { type: 'integer' },
    ownerId: { type: ['string', 'null'] },
    createdAt: { type: 'string' },
    updatedAt: { type: 'string' },
  },
};
const FIELDS = {
  type: 'object',
  required: ['name', 'price'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 32 },
    price: { type: 'integer', minimum: 0, maximum: 1_000_000_000 },
  },
};
const ID = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } };

const app = Fastify();
app.get('/menus/:id', { schema: { params: ID, response: { 200: MENU } } }, (request, reply) => {
  const menu = find.get(request.params.id);
  return menu ? reply.send(asSent(menu)) : reply.code(404).send({ message: 'No such menu' });
});
app.post('/menus', { schema: { body: FIELDS, response: { 201: MENU } } }, (request, reply) => {
  const { name, price } = request.body;
  const now = Date.now();
  const { lastInsertRowid: id } = add.run(name, name.toLowerCase(), price, null, now, now);
  const menu = asSent({ id, name, price, ownerId: null, createdAt: now, updatedAt: now });
  return reply.code(201).header('Location', `/menus/${id}`).send(menu);
});

function asSent(menu) {
  return {
    ...menu,
    createdAt: new Date(menu.createdAt).toISOString(),
    updatedAt: new Date(menu.updatedAt).toISOString(),
  };
}

console.log(JSON.stringify({ url: await app.listen({ port: 0, host: '127.0.0.1' }) }));
process.on('SIGTERM', () => process.exit(0));
