/** A script in a page of headless Chromium, also outside of tests. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { servePage } from './page-server.js';

/** Where Chromium is; undefined where there is none. */
export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

export interface PageOptions {
  /** Flags of Chromium's command line beside those of every run; default `--disable-gpu`. */
  readonly flags?: readonly string[];
  /** Directories whose files the page can fetch by their names, as a runtime's WASM binaries. */
  readonly directories?: readonly string[];
  /** How long the page may take; default 50,000. */
  readonly milliseconds?: number;
}

export interface PageScript extends PageOptions {
  /** What errors call it. */
  readonly name: string;
  /** The text of an ES module. */
  readonly script: string;
}

/** A new headless Chromium, to be closed in the end. @param flags beside those of every run */
export const launchChromium = (flags: readonly string[] = ['--disable-gpu']): Promise<Browser> =>
  chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: ['--headless=new', '--no-sandbox', '--disable-background-networking', '--no-first-run', ...flags],
  });

/**
 * Opens an empty, cross-origin isolated page of a new headless Chromium, in which `import('/page.js')` is the script.
 * @returns what `action` resolves to
 * @throws Error what it threw, with what the page wrote to the console as errors; or that its time was over
 */
export async function inChromiumPage<T>(
  { name, script, flags, directories = [], milliseconds = 50_000 }: PageScript,
  action: (page: Page, browser: Browser) => Promise<T>,
): Promise<T> {
  const browser = await launchChromium(flags);
  const server = await servePage(script, directories);
  const messages: string[] = [];
  const timer = setTimeout(() => {
    messages.push(`it was ended after ${milliseconds} milliseconds`);
    void browser.close();
  }, milliseconds);
  try {
    const page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && messages.push(message.text()));
    await page.goto(server.address);
    return await action(page, browser);
  } catch (error) {
    throw new Error([`${name} failed in Chromium: ${error}`, ...messages].join('\n'), { cause: error });
  } finally {
    clearTimeout(timer);
    await browser.close();
    server.close();
  }
}
