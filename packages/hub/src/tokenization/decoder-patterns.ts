/** Decoding runs in place, so a decoder may only hold known patterns. */
import { isRecord } from './definition.js';
import { compilePattern } from './patterns.js';

/** The field of the first foreign pattern in the `decoder`; undefined where there is none. */
export function foreignDecoderField(definition: unknown, file: string, field = 'decoder'): string | undefined {
  if (!isRecord(definition)) return undefined;
  if (definition.type === 'Sequence' && Array.isArray(definition.decoders)) {
    for (const [index, member] of definition.decoders.entries()) {
      const found = foreignDecoderField(member, file, `${field}.decoders[${index}]`);
      if (found) return found;
    }
  }
  if (definition.type !== 'Replace') return undefined;
  const pattern = compilePattern(definition.pattern, `${field}.pattern`, file);
  return pattern.inline ? undefined : pattern.field;
}
