import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const require = createRequire(import.meta.url);

interface Program {
  readonly path: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const systemNames = ['chromium', 'chromium-browser', 'google-chrome'];
/** `npm` passes over the browser of the system, to see that a machine without one can test too. */
const wanted = process.env.ATELIER_TEST_BROWSER;

/** A real Chromium: the system's, else the one of the npm registry. Undefined if there is neither. */
function findBrowser(): Program | undefined {
  const system = wanted === 'npm' ? undefined : systemBrowser();
  if (system) return { path: system };
  return process.platform === 'linux' && process.arch === 'x64' ? packagedBrowser() : undefined;
}

function systemBrowser(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => systemNames.map((name) => path.join(folder, name))).find((file) => existsSync(file));
}

/** Unpacks the packaged headless Chromium once for all clones on this machine. */
function packagedBrowser(): Program {
  const manifest = path.join(path.dirname(require.resolve('@sparticuz/chromium')), '../package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'atelier');
  const folder = path.join(cache, `test-browser-${version}`);
  if (!existsSync(folder)) unpack(cache, folder);
  const environment = { LD_LIBRARY_PATH: path.join(folder, 'al2023/lib'), FONTCONFIG_PATH: path.join(folder, 'fonts') };
  return { path: path.join(folder, 'chromium'), environment };
}

/**
 * The package unpacks into the temporary folder, and its shared libraries only where it believes to be on Lambda.
 * A child process that believes so, with a temporary folder of its own, unpacks all; the rename makes it whole or absent.
 */
function unpack(cache: string, folder: string): void {
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(path.join(cache, 'test-browser-'));
  const script = "const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath();";
  const environment = { ...process.env, TMPDIR: staging, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname, env: environment });
    // Its own settings look for the fonts in /tmp, and without any font a page ends the browser.
    writeFileSync(path.join(staging, 'fonts/fonts.conf'), fontSettings(folder));
    renameSync(staging, folder);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    // Another test may have been the first.
    if (!existsSync(folder)) throw error;
  }
}

const fontSettings = (folder: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>
`;

const program = findBrowser();

/** Why tests that need a browser are skipped here; false if they run. */
export const withoutBrowser = program ? false : `there is no ${systemNames.join(', ')} on PATH, and no packaged one for ${process.platform} ${process.arch}`;

/** Starts a Chromium that says nothing to the outside and whose microphone plays a beep. */
export function launchBrowser(): Promise<Browser> {
  if (!program) throw new Error(String(withoutBrowser));
  return chromium.launch({
    executablePath: program.path,
    env: { ...process.env, ...program.environment } as Record<string, string>,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
    ],
  });
}
