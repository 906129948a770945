#!/usr/bin/env node
// Sets up what is missing or out of date, then starts the studio or runs the tests by the pinned Node.
// It runs on any Node from 20 and depends on nothing: `npm start` and `npm test` are all that a newcomer types.
//
//   node setup.mjs start [options]   set up, build the studio, start it (options are those of `atelier start`)
//   node setup.mjs test [filters]    set up, fetch the starter models, run the tests; with filters those of every suite that they name
//   node setup.mjs test:browser      set up, then all pages in a real browser
//   node setup.mjs test:faults       set up, then kills, full disks and older releases
//   node setup.mjs test:speech       set up, then ten minutes of speech
//   node setup.mjs check             set up, then lint, types, licences and dependency checks
//   node setup.mjs                   set up only
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { oldestNode, pinnedNode } from './pinned-node.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));
const stamps = path.join(root, '.setup');

const say = (text) => process.stderr.write(`${text}\n`);

function fail(message) {
  say(`\nSet-up stopped: ${message}`);
  process.exit(1);
}

/** SHA-256 over the names and contents of files, so that a stamp says exactly what a step was made from. */
function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules') && !entry.parentPath.includes(`${path.sep}dist`))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Runs a step unless its stamp says that it ran for these very inputs. */
function step(name, made, inputs, work) {
  const file = path.join(stamps, name);
  const wanted = fingerprint(inputs);
  if (existsSync(made) && existsSync(file) && readFileSync(file, 'utf8') === wanted) return;
  work();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(file, wanted);
}

function run(program, args, options = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (done.error) fail(`${path.basename(program)} could not be started: ${done.error.message}`);
  return done.status ?? 1;
}

/** npm as this Node brought it, whatever the shell finds first. */
function npm(args) {
  const beside = process.env.npm_execpath;
  const environment = {
    ...process.env,
    // Its install step downloads CUDA libraries from outside the registry; the CPU build is in the package.
    ONNXRUNTIME_NODE_INSTALL: 'skip',
    SCARF_ANALYTICS: 'false',
    npm_config_loglevel: process.env.npm_config_loglevel ?? 'error',
  };
  delete environment.NODE_ENV;
  if (beside?.endsWith('.js')) return run(process.execPath, [beside, ...args], { env: environment });
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { env: environment, shell: process.platform === 'win32' });
}

/** Packages of this platform whose install scripts package.json allows. */
function namedScripts() {
  const { allowScripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return Object.keys(allowScripts).filter((name) => allowScripts[name] === true && existsSync(path.join(root, 'node_modules', name, 'package.json')));
}

function install() {
  const lockfile = path.join(root, 'package-lock.json');
  step('packages', path.join(root, 'node_modules'), [lockfile, path.join(root, 'package.json')], () => {
    say('Installing packages from the npm registry (about 400 MB to download the first time) ...');
    const started = Date.now();
    // Install scripts run with all rights of the user, so only the named ones do. npm 11 has its own list for it, older ones ignore that list.
    if (npm(['ci', '--no-audit', '--no-fund', '--engine-strict=false', '--ignore-scripts']) !== 0) {
      fail('npm ci failed; the lines above say why. Is the npm registry within reach?');
    }
    const named = namedScripts();
    if (named.length > 0 && npm(['rebuild', '--ignore-scripts=false', '--engine-strict=false', ...named]) !== 0) {
      fail(`the install scripts of ${named.join(', ')} failed; the lines above say why.`);
    }
    say(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s.`);
  });
}

function buildStudio(node) {
  const studio = path.join(root, 'apps/studio');
  const inputs = [
    ...filesUnder(studio),
    ...filesUnder(path.join(root, 'packages/protocol/src')),
    ...filesUnder(path.join(root, 'packages/client/src')),
    ...filesUnder(path.join(root, 'packages/recipe/src')),
    path.join(root, 'packages/media/src/wav.ts'),
  ];
  step('studio', path.join(studio, 'dist/index.html'), inputs, () => {
    say('Building the studio ...');
    const vite = path.join(path.dirname(createRequire(path.join(studio, 'package.json')).resolve('vite/package.json')), 'bin/vite.js');
    if (run(node, [vite, 'build', '--logLevel', 'warn'], { cwd: studio }) !== 0) fail('the studio could not be built; the lines above say why.');
  });
}

/** Where downloads that several clones may share are kept. */
function cacheFolder() {
  return path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'atelier');
}

/** The starter models, once for all tests of all clones on this machine. */
function fetchTestModels(node) {
  const folder = process.env.ATELIER_TEST_MODELS ?? path.join(cacheFolder(), 'test-models');
  if (run(node, [path.join(root, 'packages/models/scripts/fetch-starter-models.ts'), folder]) !== 0) fail('the starter models could not be fetched.');
  return folder;
}

/** Hands the terminal to a program, signals and all, and ends as it ends. */
function become(program, args, environment = process.env) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: environment });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Hands the terminal to the test runner. */
function test(words, environment = {}) {
  const models = { ATELIER_TEST_MODELS: fetchTestModels(node) };
  become(node, [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...words], { ...withNode, ...models, ...environment });
}

function check(node) {
  const bin = (name, file) => path.join(root, 'node_modules', name, file);
  const checks = [
    ['lint', [bin('@biomejs/biome', 'bin/biome'), 'check', '.']],
    ['types', [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.json']],
    ['types of the studio', [bin('typescript', 'bin/tsc'), '-p', 'apps/studio/tsconfig.json']],
    ['failures and bodies without a bound', [path.join(root, 'lint/strangers.ts')]],
    ['licences of packages', [path.join(root, 'lint/licences.ts')]],
    ['unused files, exports and packages', [bin('knip', 'bin/knip.js')]],
    ['directions of imports', [bin('dependency-cruiser', 'bin/dependency-cruiser.mjs'), '--config', 'dependency-cruiser.config.mjs', 'packages', 'apps']],
  ];
  let failed = 0;
  for (const [name, args] of checks) {
    const status = run(node, args);
    say(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
    if (status !== 0) failed += 1;
  }
  process.exit(failed === 0 ? 0 : 1);
}

const [command, ...rest] = process.argv.slice(2);
if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or newer is needed to set up; this is ${process.version}.`);
if (!statSync(path.join(root, 'package-lock.json'), { throwIfNoEntry: false })) fail('package-lock.json is missing: clone the repository again.');

install();
const node =
  pinnedNode() ??
  fail(`there is no pinned Node for ${process.platform} on ${process.arch}, and ${process.version} is too old: install Node ${oldestNode.join('.')} or newer.`);
const withNode = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` };

switch (command) {
  case undefined:
    buildStudio(node);
    break;
  case 'start':
    buildStudio(node);
    become(node, [path.join(root, 'apps/cli/src/main.ts'), 'start', ...rest], withNode);
    break;
  case 'test':
    buildStudio(node);
    // What is named is found in every suite.
    test(rest.length === 0 ? ['--project', 'suite'] : rest);
    break;
  case 'test:faults':
    buildStudio(node);
    test(['--project', 'faults', ...rest]);
    break;
  case 'test:browser':
    buildStudio(node);
    test(['--project', 'browser', ...rest]);
    break;
  case 'test:speech':
    test(['packages/drivers/src/transformers/speech-set.test.ts', ...rest], { ATELIER_SPEECH_SET: 'whole' });
    break;
  case 'check':
    check(node);
    break;
  default:
    fail(`"${command}" is not a command of setup.mjs: use start, test, test:faults, test:browser, test:speech or check.`);
}
