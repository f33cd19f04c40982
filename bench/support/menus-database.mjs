import Database from 'better-sqlite3';

const CHUNK = 50_000;
const ADD = 'INSERT INTO menu (id, name, nameKey, price, ownerId, version, createdAt, updatedAt)';

/** Inserts menus with the ids `first` to `last`. Names and prices increase with the id. */
export function fillMenus(file, first, last) {
  const database = new Database(file);
  database.pragma('busy_timeout = 10000');
  const add = database.prepare(`${ADD} VALUES (?, ?, ?, ?, NULL, 1, ?, ?)`);
  const addAll = database.transaction((from, to) => {
    const now = Date.now();
    for (let id = from; id <= to; id += 1) {
      const name = `Menu ${String(id).padStart(8, '0')}`;
      add.run(id, name, name.toLowerCase(), id, now, now);
    }
  });
  // In several transactions, because the server writes to the file too.
  for (let from = first; from <= last; from += CHUNK) addAll(from, Math.min(last, from + CHUNK - 1));
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}
