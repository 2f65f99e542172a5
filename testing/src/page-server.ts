/** Serves one page from 127.0.0.1, cross-origin isolated: browsers give threads and precise clocks to such pages only. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { basename, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript',
  mjs: 'text/javascript',
  json: 'application/json',
  wasm: 'application/wasm',
};

export interface PageServer {
  /** The address of an empty page. */
  readonly address: string;
  close(): void;
}

/**
 * @param script what the address `/page.js` holds
 * @param directories where files of other names are looked for, by their last part
 */
export async function servePage(script: string, directories: readonly string[]): Promise<PageServer> {
  const content = (name: string): string | Buffer | undefined => {
    if (name === '') return '<!doctype html>';
    if (name === 'page.js') return script;
    const path = directories.map((directory) => join(directory, name)).find((file) => existsSync(file));
    return path === undefined ? undefined : readFileSync(path);
  };
  const server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://localhost').pathname);
    const found = content(name);
    response.writeHead(found === undefined ? 404 : 200, {
      'content-type': types[name.split('.').at(-1)!] ?? 'text/html',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${portOf(server)}/`, close: () => void server.close() };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen to a port.');
  return address.port;
}
