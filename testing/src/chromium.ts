/** Runs modules in headless Chromium. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { describe } from 'vitest';
import { bundleForBrowsers } from './browser-bundle.js';
import { servePage } from './page-server.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const required = (process.env.ATTUNE_REQUIRE ?? '').split(',').includes('chromium');

/** Tests that need Chromium: left out, with a warning, where there is none and `ATTUNE_REQUIRE` does not name it. */
export function describeInChromium(name: string, tests: () => void): void {
  const leftOut = executablePath === undefined && !required;
  if (leftOut) console.warn(`${name}: not run, there is no Chromium (apt-get install chromium)`);
  describe.skipIf(leftOut)(name, tests);
}

export interface ChromiumOptions {
  /** Flags of Chromium's command line beside those of every run; default `--disable-gpu`. */
  readonly flags?: readonly string[];
  /** Directories whose files the page can fetch by their names, as a runtime's WASM binaries. */
  readonly directories?: readonly string[];
  /** Packages that the bundle leaves out, because only Node loads them. */
  readonly external?: readonly string[];
  /** How long the page may take; default 50,000. */
  readonly milliseconds?: number;
}

/** A new headless Chromium, to be closed in the end. @param flags beside those of every run */
export const launchChromium = (flags: readonly string[] = ['--disable-gpu']): Promise<Browser> =>
  chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--headless=new', '--no-sandbox', '--disable-background-networking', '--no-first-run', ...flags],
  });

/** A module whose default export runs in the browser; what it returns has to survive JSON. */
interface PageModule {
  readonly default: () => unknown;
}

/**
 * Bundles `module` from the sources of the packages and runs its default export in a cross-origin isolated page of a new
 * headless Chromium.
 * @returns what the default export resolves to
 * @throws Error what the page threw, with what it wrote to the console as errors; or that its time was over
 */
export async function runInChromium<Module extends PageModule>(
  module: URL,
  options: ChromiumOptions = {},
): Promise<Awaited<ReturnType<Module['default']>>> {
  const { flags, directories = [], external = [], milliseconds = 50_000 } = options;
  const script = await bundleForBrowsers(module, external);
  const browser = await launchChromium(flags);
  const server = await servePage(script, directories);
  const messages: string[] = [];
  const timer = setTimeout(() => {
    messages.push(`it was ended after ${milliseconds} milliseconds`);
    void browser.close();
  }, milliseconds);
  try {
    const tab = await browser.newPage();
    tab.on('console', (message) => message.type() === 'error' && messages.push(message.text()));
    await tab.goto(server.address);
    return await tab.evaluate(`import('/page.js').then((page) => page.default())`);
  } catch (error) {
    throw new Error([`${module.pathname} failed in Chromium: ${error}`, ...messages].join('\n'), { cause: error });
  } finally {
    clearTimeout(timer);
    await browser.close();
    server.close();
  }
}
