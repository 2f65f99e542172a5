/** HTTP around the endpoints: who may ask, how answers are sent, and how the server ends. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError, apiErrorOf } from './api-error.js';
import { chatCompletions, classify, completions, embeddings } from './endpoints.js';
import { readJson } from './read-json.js';
import type { Endpoint, Service } from './service.js';

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': chatCompletions,
  '/v1/completions': completions,
  '/v1/embeddings': embeddings,
  '/v1/classify': classify,
};

export interface RunningServer {
  readonly port: number;
  /** Takes no further request, and ends when all that came are answered. */
  close(): Promise<void>;
}

/** The address of this machine that only itself reaches. */
const LOOPBACK = '127.0.0.1';

/** @param port 0 for any free one @throws what listening throws */
export async function startServer(service: Service, port: number): Promise<RunningServer> {
  let open = 0;
  let allAnswered = () => {};
  const server = createServer((request, response) => {
    open += 1;
    response.once('close', () => {
      open -= 1;
      if (open === 0) allAnswered();
    });
    void answer(request, response, service, server);
  });
  server.requestTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await service.queue.close();
      if (open > 0) {
        await new Promise<void>((resolve) => {
          allAnswered = resolve;
        });
      }
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
  server: Server,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  // A connection that breaks is the client's affair.
  request.on('error', () => gone.abort());
  response.on('error', () => gone.abort());
  if (!server.listening) response.setHeader('connection', 'close');
  const send = (event: Readonly<Record<string, unknown>> | '[DONE]') => {
    if (gone.signal.aborted) return;
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    }
    response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  };
  try {
    requireLocal(request);
    const path = (request.url ?? '').split('?')[0]!;
    const listed = shown(path, service);
    const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
    if (!listed && !endpoint) throw new ApiError(404, 'unknown_url', `There is nothing at ${path}.`);
    const method = listed ? 'GET' : 'POST';
    if (request.method !== method) {
      response.setHeader('allow', method);
      throw new ApiError(405, 'method_not_allowed', `${path} takes ${method}.`);
    }
    if (listed) sendJson(response, 200, listed());
    else {
      const body = await readJson(request, service.limits.maxBodyBytes);
      const made = await endpoint!(body, service, { signal: gone.signal, send });
      if (made) sendJson(response, 200, made);
      else response.end();
    }
  } catch (error) {
    if (gone.signal.aborted) return;
    const problem = apiErrorOf(error);
    if (response.headersSent) {
      send(problem.body);
      response.end();
      return;
    }
    // What is left of a body is not read.
    if (!request.complete) response.setHeader('connection', 'close');
    response.once('finish', () => {
      if (!request.complete) request.destroy();
    });
    sendJson(response, problem.status, problem.body);
  }
}

function sendJson(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

/** Pages of others must not ask a server on this machine under a name of their own. @throws ApiError */
function requireLocal({ headers: { host = '', origin } }: IncomingMessage): void {
  const isLocal = (name: string) => /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(name);
  if (isLocal(host) && (origin === undefined || isLocal(origin.replace(/^https?:\/\//, '')))) return;
  throw new ApiError(403, 'forbidden_host', 'The server answers requests from this machine to localhost only.');
}

/** What a path shows. */
function shown(
  path: string,
  { models, created, queue }: Service,
): (() => Readonly<Record<string, unknown>>) | undefined {
  const modelOf = (id: string) => ({ id, object: 'model', created, owned_by: 'attune' });
  if (path === '/v1/models') return () => ({ object: 'list', data: models.names.map(modelOf) });
  if (path === '/health') return () => ({ status: 'ok', running: queue.running, waiting: queue.waiting });
  if (!path.startsWith('/v1/models/')) return undefined;
  return () => {
    const id = decoded(path.slice('/v1/models/'.length));
    models.adapterOf(id);
    return modelOf(id);
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
