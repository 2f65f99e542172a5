/** Runs modules in headless Chromium. */
import { describe } from 'vitest';
import { bundleForBrowsers } from './browser-bundle.js';
import { chromiumPath, inChromiumPage, type PageOptions } from './chromium-page.js';

const required = (process.env.ATTUNE_REQUIRE ?? '').split(',').includes('chromium');

/** Tests that need Chromium: left out, with a warning, where there is none and `ATTUNE_REQUIRE` does not name it. */
export function describeInChromium(name: string, tests: () => void): void {
  const leftOut = chromiumPath === undefined && !required;
  if (leftOut) console.warn(`${name}: not run, there is no Chromium (apt-get install chromium)`);
  describe.skipIf(leftOut)(name, tests);
}

export interface ChromiumOptions extends PageOptions {
  /** Packages that the bundle leaves out, because only Node loads them. */
  readonly external?: readonly string[];
}

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
  { external = [], ...options }: ChromiumOptions = {},
): Promise<Awaited<ReturnType<Module['default']>>> {
  const script = await bundleForBrowsers(module, external);
  return inChromiumPage<Awaited<ReturnType<Module['default']>>>({ name: module.pathname, script, ...options }, (page) =>
    page.evaluate(`import('/page.js').then((page) => page.default())`),
  );
}
