import { open, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GGUF_MARK, readSpecialTokens } from '@attune/hub/internal';
import { openTrainedModel } from '@attune/inference';
import { saveGguf } from '@attune/models';
import { openAdapter, saveLoraGguf } from '@attune/strategies';
import type { CommandContext } from '../command-context.js';
import { interruptible } from '../signals.js';
import type { ExportSettings } from './export.js';
import { createOutputFile, writeOutputFile } from './output-file.js';
import { requireFilePlace } from './output-place.js';

/** One file with the tokenizer and the chat template; in a directory with a Modelfile, which Ollama begins with. */
export async function exportGguf(file: string, settings: ExportSettings, { output, signal }: CommandContext) {
  const { dtype = 'f16', overwrite, adapterOnly } = settings;
  await requireFilePlace(file, { isOwn: isExported, overwrite, extensions: ['.gguf'] });
  const isAlone = adapterOnly || file === settings.output;
  const modelfile = join(dirname(file), 'Modelfile');
  const isOwnModelfile = async (path: string) => (await readFile(path, 'utf8')).startsWith(fromLine(file));
  if (!isAlone) await requireFilePlace(modelfile, { isOwn: isOwnModelfile, overwrite, extensions: ['Modelfile'] });
  const opened = await interruptible(signal, () => openTrainedModel(settings.model, settings));
  for (const message of opened.warnings) output.warn(message);
  const maker = { name: dirname(file), create: () => createOutputFile(file) };
  if (adapterOnly) {
    await saveLoraGguf(maker, basename(file), await openAdapter(opened.directory), opened.loaded.model);
    output.result({ output: file, format: 'gguf', adapter: true }, `${file}: the adapter alone`);
    return;
  }
  const loaded = { ...opened.loaded, source: opened.base };
  const special = await readSpecialTokens(opened.base);
  await saveGguf(maker, basename(file), loaded, opened.merged(), { dtype });
  if (!isAlone) await writeOutputFile(modelfile, new TextEncoder().encode(modelfileOf(file, special.eos_token)));
  output.result(
    { output: file, format: 'gguf', dtype, ...(isAlone ? {} : { modelfile }) },
    isAlone ? `${file}: ${dtype}` : `${file}: ${dtype}\n${modelfile}: for ollama create NAME -f ${modelfile}`,
  );
}

/** What Ollama makes a model of; it takes the chat template from the file. */
function modelfileOf(file: string, end: string | undefined): string {
  return [fromLine(file), ...(end === undefined ? [] : [`PARAMETER stop ${JSON.stringify(end)}`]), ''].join('\n');
}

const fromLine = (file: string): string => `FROM ./${basename(file)}`;

/** Whether a file is one that this command wrote. */
async function isExported(path: string): Promise<boolean> {
  await using file = await open(resolve(path));
  const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return Buffer.from(buffer).subarray(0, bytesRead).includes(GGUF_MARK);
}

/** The first key begins at byte 32. */
const HEAD_BYTES = 32 + GGUF_MARK.length;
