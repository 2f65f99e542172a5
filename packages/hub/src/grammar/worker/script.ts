/**
 * Runs in a worker that can be ended: xgrammar, which says what a JSON schema allows next. The library takes itself for a
 * CommonJS module, prints its faults, and is of no use after one.
 */
import type { CompiledGrammar, GrammarCompiler, GrammarMatcher } from '@mlc-ai/web-xgrammar';
import type { GrammarAnswer, GrammarRequest } from './messages.js';

type Library = Pick<typeof import('@mlc-ai/web-xgrammar'), 'TokenizerInfo' | 'GrammarCompiler' | 'GrammarMatcher'>;

/** What a schema may make of the library's memory. */
const mostBytes = 512 * 2 ** 20;

let library: Library | undefined;
let compiler: GrammarCompiler | undefined;
let compiled: CompiledGrammar | undefined;
const texts = new Map<number, GrammarMatcher>();
let printed = '';

function boundMemory(): void {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number) {
    if (this.buffer.byteLength + pages * 2 ** 16 > mostBytes) throw new RangeError('needs too much memory');
    return grow.call(this, pages);
  };
}

async function load(address: string): Promise<Library> {
  const { createRequire } = globalThis.process.getBuiltinModule('node:module');
  const { fileURLToPath } = globalThis.process.getBuiltinModule('node:url');
  const exports: Partial<Library> = {};
  Object.assign(globalThis, {
    exports,
    module: { exports },
    require: createRequire(address),
    __filename: fileURLToPath(address),
  });
  boundMemory();
  console.error =
    console.warn =
    console.log =
      (...parts: unknown[]) => {
        printed += `${parts.join(' ')}\n`;
      };
  await import(address);
  const { TokenizerInfo, GrammarCompiler, GrammarMatcher } = exports;
  if (!TokenizerInfo || !GrammarCompiler || !GrammarMatcher) throw new Error('the library lacks a class');
  return { TokenizerInfo, GrammarCompiler, GrammarMatcher };
}

async function read({ library: address, tokens, spelling }: GrammarRequest & { kind: 'load' }): Promise<void> {
  library = await load(address);
  const { TokenizerInfo, GrammarCompiler } = library;
  const isSpaced = spelling === 'byte_fallback';
  const vocabulary = await TokenizerInfo.createTokenizerInfo([...tokens], spelling, isSpaced, tokens.length);
  compiler = await GrammarCompiler.createGrammarCompiler(vocabulary);
}

/** What may come next; undefined if only an end may. */
async function next({ text, endTokens, written }: GrammarRequest & { kind: 'next' }): Promise<Int32Array | undefined> {
  const matcher = texts.get(text) ?? (await begin(endTokens));
  texts.set(text, matcher);
  for (const token of written) if (!matcher.acceptToken(token)) throw new Error(`token ${token} does not fit`);
  if (matcher.isTerminated()) return undefined;
  const allowed = (await matcher.getNextTokenBitmask()).slice();
  if (allowed.every((bits) => bits === 0)) throw new Error('no token of the model may come next');
  const others = allowed.slice();
  for (const token of endTokens) others[token >> 5]! &= ~(1 << (token & 31));
  return others.some((bits) => bits !== 0) ? allowed : undefined;
}

function begin(endTokens: readonly number[]): Promise<GrammarMatcher> {
  if (!library || !compiled) throw new Error('there is no schema');
  const hasEnds = endTokens.length > 0;
  return library.GrammarMatcher.createGrammarMatcher(compiled, hasEnds ? [...endTokens] : undefined, !hasEnds);
}

async function answer(request: GrammarRequest): Promise<GrammarAnswer> {
  const { id, kind } = request;
  if (kind === 'load') await read(request);
  // On one line: a model that may write any space sometimes writes nothing else.
  if (kind === 'schema') compiled = await compiler?.compileJSONSchema(request.schema, false, -1);
  if (kind === 'end') {
    texts.get(request.text)?.dispose();
    texts.delete(request.text);
  }
  const allowed = kind === 'next' ? await next(request) : undefined;
  return allowed ? { kind: 'allowed', id, allowed } : { kind: 'done', id };
}

/** The library prints `[FATAL] file:line: what is wrong`, and throws that it has ended. */
function problemOf(error: unknown): string {
  const fatal = printed.match(/\[FATAL\] \S+: (.*)/)?.[1];
  return fatal ?? (error instanceof Error ? error.message : String(error));
}

const parentPort = globalThis.process.getBuiltinModule('node:worker_threads').parentPort!;
const post = (message: GrammarAnswer) => parentPort.postMessage(message);
parentPort.on('message', (request: GrammarRequest) =>
  answer(request).then(post, (error) => post({ kind: 'error', id: request.id, problem: problemOf(error) })),
);
post({ kind: 'ready' });
