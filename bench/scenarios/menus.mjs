import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BEHIND_PROXY, keyOf } from '../support/member.mjs';
import { fillMenus } from '../support/menus-database.mjs';
import { requireCorrectResponse, failureRow, inTurn, formatFigures, ratio, ratioWithin } from '../support/rounds.mjs';
import { databaseIn, startBarista, startPeer } from '../support/servers.mjs';
import { nodeVersions } from '../support/tools.mjs';

const GOAL = 0.8;
const DEEP = 1_000_000;
const SHALLOW = 1000;
const PAGE = 20;
const DEPTH_LIMIT = 1.3;
const SORTS = ['id', 'name', 'price'];
const CONNECTIONS = { read: 32, write: [1, 32] };
const READ = { path: '/menus/1' };
const JSON_BODY = { 'Content-Type': 'application/json' };
const NEW_MENU = { name: 'Americano', price: 4500 };

export const title = 'The catalogue, beside Fastify with plain better-sqlite3; and a page of it at depth';

export async function run(effort) {
  const found = [await besideFastify(effort), await atDepth(effort)];
  return {
    rows: found.flat(),
    notes: [
      `Fastify (${nodeVersions('fastify', 'better-sqlite3').join(', ')}): JSON schemas for body and answer, prepared statements, journal_mode=WAL, synchronous=FULL, the same columns and indexes; no login, no log.`,
      'Barista: the login of each write by an API key, whose member is in the same database.',
      `At depth: the last page of ${PAGE} of a table of ${DEEP.toLocaleString('en')} menus beside that of a table of ${SHALLOW.toLocaleString('en')}, one connection.`,
    ],
  };
}

async function besideFastify(effort) {
  const folder = await mkdtemp(join(tmpdir(), 'fastify-bench-'));
  const barista = await startBarista({ variables: BEHIND_PROXY });
  const fastify = await startPeer('Fastify', 'fastify/menus.mjs', join(folder, 'menus.db'));
  try {
    const servers = [
      { server: barista, headers: { ...JSON_BODY, Authorization: `Bearer ${await keyOf(barista)}` } },
      { server: fastify, headers: JSON_BODY },
    ];
    const writes = servers.map(({ server, headers }) => ({
      server,
      request: { path: '/menus', method: 'POST', headers, body: JSON.stringify(NEW_MENU) },
      isRight: isMenu,
    }));
    const reads = servers.map(({ server }) => ({ server, request: READ, isRight: isMenu }));
    for (const subject of [...writes, ...reads]) await requireCorrectResponse(subject);
    const rows = await compare('GET /menus/{id}', reads, CONNECTIONS.read, effort);
    for (const connections of CONNECTIONS.write)
      rows.push(...(await compare('POST /menus', writes, connections, effort)));
    return rows;
  } finally {
    await Promise.all([barista.stop(), fastify.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(what, subjects, connections, effort) {
  const [ours, theirs] = await inTurn(
    subjects.map((subject) => ({ ...subject, connections })),
    effort,
  );
  const on = `${what}, ${connections} connection${connections === 1 ? '' : 's'}`;
  const isAbove = ours.rate > theirs.rate ? 'above' : 'not above';
  return [
    { what: `${on}: Barista`, figure: formatFigures(ours) },
    { what: `${on}: Fastify`, figure: formatFigures(theirs), ...ratio(ours.rate / theirs.rate, GOAL) },
    ...(connections > 1 && what.startsWith('POST') ? [{ what: `${on}: it is`, figure: `${isAbove} 1×` }] : []),
    failureRow(`${on}: requests failed`, [ours, theirs]),
  ];
}

function isMenu(answer) {
  const { name, price } = JSON.parse(answer);
  return name === NEW_MENU.name && price === NEW_MENU.price;
}

async function atDepth(effort) {
  const servers = [];
  try {
    for (const size of [SHALLOW, DEEP]) servers.push({ size, ...(await startFilled(size)) });
    const rows = [];
    for (const sort of SORTS) rows.push(...(await compareDepths(servers, sort, effort)));
    return rows;
  } finally {
    await Promise.all(servers.map(({ server }) => server.stop()));
  }
}

/** Inserts the last two pages first and takes their cursors, which remain valid when the rows before them are inserted. */
async function startFilled(size) {
  const server = await startBarista();
  try {
    const file = databaseIn(server.folder);
    fillMenus(file, size - 2 * PAGE + 1, size);
    const pages = {};
    for (const sort of SORTS) pages[sort] = await lastPage(server, sort);
    fillMenus(file, 1, size - 2 * PAGE);
    return { server, pages };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function lastPage({ url }, sort) {
  const path = `/menus?sort=${sort}&limit=${PAGE}`;
  const { nextCursor } = await (await fetch(url + path)).json();
  return { path: `${path}&cursor=${encodeURIComponent(nextCursor)}` };
}

async function compareDepths(servers, sort, effort) {
  const subjects = servers.map(({ server, pages, size }) => ({
    server,
    connections: 1,
    request: pages[sort],
    isRight: (answer) => isLastPage(JSON.parse(answer), size),
  }));
  for (const subject of subjects) await requireCorrectResponse(subject);
  const [shallow, deep] = await inTurn(subjects, effort);
  const what = `GET /menus, last page by ${sort}`;
  return [
    { what: `${what}: of ${DEEP.toLocaleString('en')}`, figure: formatFigures(deep) },
    {
      what: `${what}: of ${SHALLOW.toLocaleString('en')} (ratio of p50)`,
      figure: formatFigures(shallow),
      ...ratioWithin(deep.p50 / shallow.p50, DEPTH_LIMIT),
    },
    failureRow(`${what}: requests failed`, [shallow, deep]),
  ];
}

function isLastPage({ items, nextCursor }, size) {
  return items.length === PAGE && items.at(-1).id === size && nextCursor === null;
}
