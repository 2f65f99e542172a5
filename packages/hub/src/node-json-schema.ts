import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { AttuneError } from '@attune/ir';
import type { GrammarOptions, JsonSchemaGrammar } from './grammar/json-schema-grammar.js';
import type { Storage } from './storage.js';

export type { JsonSchemaGrammar } from './grammar/json-schema-grammar.js';

const library = '@mlc-ai/web-xgrammar';

/**
 * The grammar of texts that are JSON by a schema, for the option `grammar` of writing. Texts are on one line, and objects have the
 * properties that the schema names, in its order. It runs in a worker: dispose of it when all texts are written.
 * @param storage the model's files, for its tokenizer
 * @param schema a JSON schema: an object, or `true` for any JSON
 * @throws AttuneError `E_SCHEMA` for a schema that is malformed, not supported, or needs too much time or memory, and without
 * the package @mlc-ai/web-xgrammar; `E_MODEL_UNSUPPORTED` for a tokenizer whose tokens do not spell bytes
 */
export async function jsonSchemaGrammar(
  storage: Storage,
  schema: unknown,
  options: GrammarOptions = {},
): Promise<JsonSchemaGrammar> {
  const address = libraryAddress();
  const { openJsonSchema } = await import('./grammar/json-schema-grammar.js');
  const { grammarVocabulary } = await import('./grammar/vocabulary.js');
  return openJsonSchema(schema, await grammarVocabulary(storage), address, options);
}

function libraryAddress(): string {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve(library)).href;
  } catch (cause) {
    throw new AttuneError('E_SCHEMA', `JSON schemas need the package ${library}, which is not installed.`, {
      field: 'jsonSchema',
      hint: `npm install ${library}@0.1.27`,
      cause,
    });
  }
}
