// Writes src/auth/members/common-passwords.txt: the passwords that are common and long enough to be chosen here, the most
// common first. Run it by hand after an update of @zxcvbn-ts/language-common, whose list this is.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const MIN_LENGTH = 8;
const TARGET = new URL('../src/auth/members/common-passwords.txt', import.meta.url);
const HEAD = [
  '# Passwords that many people use. Made by scripts/common-passwords.mjs from @zxcvbn-ts/language-common.',
  '# Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.; Copyright (c) 2021 @zxcvbn-ts. MIT licence.',
];

const { resolve } = createRequire(import.meta.url);
const passwords = JSON.parse(readFileSync(resolve('@zxcvbn-ts/language-common/src/passwords.json'), 'utf8'));
// As src/auth/members/weak-passwords.ts compares them.
const keys = passwords.map((password) => password.normalize('NFKC').toLowerCase().trim());
const longEnough = new Set(keys.filter((key) => [...key].length >= MIN_LENGTH));

writeFileSync(TARGET, `${[...HEAD, ...longEnough].join('\n')}\n`);
console.log(`${longEnough.size} passwords in ${fileURLToPath(TARGET)}`);
