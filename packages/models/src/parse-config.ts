import { inEnglish } from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import type * as z from 'zod/mini';

/** The fields of a config.json, checked. @throws AttuneError `E_CONFIG` that names the fields that are wrong */
export function parseConfig<Schema extends z.ZodMiniType>(
  schema: Schema,
  raw: unknown,
  file: string,
): z.output<Schema> {
  const parsed = schema.safeParse(raw, inEnglish);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new AttuneError('E_CONFIG', `${file}: ${problems.join('; ')}.`, {
    file,
    field: parsed.error.issues[0]?.path.join('.') ?? '',
  });
}
