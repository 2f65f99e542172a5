/** Which tokens a JSON schema allows next, by xgrammar (Dong et al. 2024) in a worker. */
import type { OpenThread } from '../worker/thread.js';
import { checkedSchema } from './check-schema.js';
import { GrammarThread, schemaError } from './grammar-thread.js';
import type { GrammarVocabulary } from './vocabulary.js';

/** How long the library may take to begin, with a large vocabulary on a busy machine. */
const loadMilliseconds = 60_000;

/** A schema that texts can be written by; what `TextGrammar` of @attune/core is. */
export interface JsonSchemaGrammar extends Disposable {
  begin(endTokens: readonly number[]): JsonSchemaText;
}

interface JsonSchemaText extends Disposable {
  /** @returns the tokens that may come next, undefined if the text is over @throws AttuneError `E_SCHEMA` */
  next(written: readonly number[]): Promise<Int32Array | undefined>;
}

export interface GrammarOptions {
  /** For the schema to be read, and for each token; 10,000 by default. */
  readonly budgetMilliseconds?: number | undefined;
  readonly openThread?: OpenThread | undefined;
}

/**
 * @param library the address of @mlc-ai/web-xgrammar's file
 * @throws AttuneError `E_SCHEMA` for a schema that is malformed, not supported, too large, or needs too much time or memory
 */
export async function openJsonSchema(
  schema: unknown,
  vocabulary: GrammarVocabulary,
  library: string,
  { budgetMilliseconds = 10_000, openThread }: GrammarOptions = {},
): Promise<JsonSchemaGrammar> {
  const text = checkedSchema(schema);
  const { workerSource } = await import('./worker/source.js');
  if (workerSource === '') throw schemaError('needs a worker, which these sources lack');
  const thread = new GrammarThread(workerSource, budgetMilliseconds, openThread);
  try {
    await thread.begin();
    await thread.ask({ kind: 'load', library, ...vocabulary }, loadMilliseconds);
    await thread.ask({ kind: 'schema', schema: text });
  } catch (error) {
    thread[Symbol.dispose]();
    throw error;
  }
  let texts = 0;
  return {
    begin: (endTokens) => textOf(thread, texts++, endTokens),
    [Symbol.dispose]: () => thread[Symbol.dispose](),
  };
}

function textOf(thread: GrammarThread, text: number, endTokens: readonly number[]): JsonSchemaText {
  let known = 0;
  return {
    next(written) {
      const fresh = written.slice(known);
      known = written.length;
      return thread.ask({ kind: 'next', text, endTokens, written: fresh });
    },
    [Symbol.dispose]() {
      // A thread that has ended has no texts.
      thread.ask({ kind: 'end', text }).catch(() => undefined);
    },
  };
}
