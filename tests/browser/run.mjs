// Runs every *.test.mjs beside this file, one after the other, and ends with "Browser tests: N passed, N failed".
// Exits 1 when one failed or none ran.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test.mjs'))
  .sort()
  .map((name) => path.join(here, name));

let passed = 0;
let failed = 0;

// Ending before `finish` is a failure too.
process.exitCode = 1;

// Node reports a suite beside its tests, and a file without tests as one passing test: neither is a test of ours.
const isFile = ({ name }) => files.includes(path.resolve(name));
const isSuite = ({ details }) => details?.type === 'suite';
const onlyHoldsFailures = ({ details }) => details?.error?.failureType === 'subtestsFailed';

const countPass = (event) => {
  if (!isFile(event) && !isSuite(event) && event.skip === undefined && event.todo === undefined) passed += 1;
};

const countFail = (event) => {
  if (!onlyHoldsFailures(event) && event.todo === undefined) failed += 1;
};

const finish = () => {
  if (passed + failed === 0) console.error('No browser test ran.');
  console.log(`Browser tests: ${passed} passed, ${failed} failed`);
  if (failed === 0 && passed > 0) process.exitCode = 0;
};

if (files.length === 0) {
  finish();
} else {
  const events = run({ files, concurrency: 1, timeout: 300_000 });
  events.on('test:pass', countPass);
  events.on('test:fail', countFail);
  events.compose(new spec()).on('end', finish).pipe(process.stdout);
}
