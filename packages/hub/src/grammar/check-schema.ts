/** JSON schemas before the library sees them: it says nothing of what it does not understand, and lets everything pass there. */
import { isRecord } from '../tokenization/definition.js';
import { schemaError } from './grammar-thread.js';

const mostUnits = 2 ** 16;
const mostDepth = 64;

/** Keywords that xgrammar 0.1.27 leaves out or gets wrong. */
const unsupported = [
  ...['not', 'if', 'then', 'else', 'multipleOf', 'uniqueItems', 'contains', 'minContains', 'maxContains'],
  ...['patternProperties', 'dependentRequired', 'dependentSchemas', 'dependencies', '$dynamicRef', '$recursiveRef'],
];
/** Those that it follows for whole numbers only. */
const bounds = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
/** Their keys are names, not keywords. */
const maps = ['properties', '$defs', 'definitions'];
/** Their contents are values, not schemas. */
const values = ['enum', 'const', 'default', 'examples', 'required'];

/** The schema as text. @throws AttuneError `E_SCHEMA` */
export function checkedSchema(schema: unknown): string {
  if (schema !== true && !isRecord(schema)) throw schemaError('is not an object');
  const text = JSON.stringify(schema);
  if (text.length > mostUnits) throw schemaError(`has ${text.length} characters; ${mostUnits} are allowed`);
  check(schema, 0);
  return text;
}

function check(part: unknown, depth: number, isMap = false): void {
  if (depth > mostDepth) throw schemaError(`nests more than ${mostDepth} objects and lists`);
  if (Array.isArray(part)) for (const each of part) check(each, depth + 1);
  if (!isRecord(part)) return;
  if (!isMap) checkKeywords(part);
  for (const [key, each] of Object.entries(part)) {
    if (isMap || !values.includes(key)) check(each, depth + 1, !isMap && maps.includes(key));
  }
}

function checkKeywords(part: Readonly<Record<string, unknown>>): void {
  const { $ref: reference, allOf } = part;
  if (typeof reference === 'string' && !reference.startsWith('#')) {
    throw schemaError(`refers to ${reference.slice(0, 100)}, outside of itself`);
  }
  if (Array.isArray(allOf) && allOf.length > 1) throw schemaError('has "allOf" with several schemas; merge them');
  const keyword = unsupported.find((each) => each in part);
  if (keyword !== undefined) throw schemaError(`has "${keyword}", which texts cannot be made to follow`);
  const bound = part.type === 'integer' ? undefined : bounds.find((each) => each in part);
  if (bound !== undefined) throw schemaError(`has "${bound}" for another type than integer`);
}
