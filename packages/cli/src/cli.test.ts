import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const shared = fileURLToPath(new URL('../../../../shared/', import.meta.url));
const command = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const model = `${shared}models/all-minilm-l6-v2`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-cli-'));
  const subjects = ['parcel', 'refund', 'password', 'invoice', 'order', 'shoes'];
  const rows = subjects.flatMap((subject) => [`where is my ${subject},ask`, `I hate this ${subject},complain`]);
  writeFileSync(join(folder, 'train.csv'), `text,intent\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'other.csv'), 'text,intent\nhello,ask\nbye,sing\n');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base = () => [
  'train',
  '--model',
  model,
  '--train',
  join(folder, 'train.csv'),
  '--label-column',
  'intent',
  '--max-length',
  '16',
  '--batch-size',
  '4',
  '--learning-rate',
  '1e-3',
  '--save-steps',
  '1',
  '--save-total-limit',
  '50',
];

function attune(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', cwd: folder });
  return { status, stdout, stderr, lines: stdout.trim().split('\n') };
}

const jsonLines = (lines: readonly string[]): Record<string, unknown>[] => lines.map((line) => JSON.parse(line));
const lossesOf = (lines: readonly string[]) =>
  jsonLines(lines)
    .filter(({ type }) => type === 'step')
    .map(({ step, loss }) => [step, loss]);

describe.skipIf(!process.env.CI && !existsSync(model))('attune', () => {
  it('trains, evaluates, predicts, merges, exports and inspects', () => {
    const output = join(folder, 'adapter');
    const trained = attune(...base(), '--epochs', '1', '--output', output, '--json');
    expect(trained.stderr).toBe('');
    expect(trained.status).toBe(0);
    expect(jsonLines(trained.lines).at(-1)).toMatchObject({ type: 'result', labels: ['ask', 'complain'] });
    expect(readdirSync(output)).toEqual(
      expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors', 'checkpoint-3']),
    );

    const measured = attune(
      'evaluate',
      '--model',
      output,
      '--data',
      join(folder, 'train.csv'),
      '--label-column',
      'intent',
      '--json',
    );
    const answered = attune('predict', '--model', output, '--data', join(folder, 'train.csv'), '--json');
    const predictions = jsonLines(answered.lines).at(-1)?.predictions as { label: string }[];
    const right = predictions.filter(({ label }, row) => label === (row % 2 === 0 ? 'ask' : 'complain'));
    expect(jsonLines(measured.lines).at(-1)).toMatchObject({
      type: 'result',
      examples: 12,
      accuracy: expect.closeTo(right.length / 12, 10),
      perClass: [
        { label: 'ask', support: 6 },
        { label: 'complain', support: 6 },
      ],
    });

    const merged = join(folder, 'merged');
    expect(attune('merge', '--model', output, '--output', merged).status).toBe(0);
    const probabilities = (path: string) => {
      const answer = jsonLines(attune('predict', '--model', path, '--text', 'where is it', '--json').lines).at(-1);
      return answer?.labels as { label: string; probability: number }[];
    };
    const [adapter, plain] = [probabilities(output), probabilities(merged)];
    expect(plain.map(({ label }) => label)).toEqual(adapter.map(({ label }) => label));
    expect(plain[0]!.probability).toBeCloseTo(adapter[0]!.probability, 5);

    expect(
      attune('export', '--model', output, '--output', join(folder, 'model.onnx'), '--max-length', '16').status,
    ).toBe(0);
    expect(attune('inspect', output).stdout).toContain('lora_A');
    expect(attune('inspect', join(output, 'checkpoint-3')).stdout).toContain('every file verifies');
  }, 180_000);

  it('T13 config-typo: names the nearest option and exits with 2, also under --dry-run', () => {
    writeFileSync(join(folder, 'typo.json'), JSON.stringify({ learningRat: 1e-3, epochs: '3' }));
    const failed = attune(
      ...base(),
      '--output',
      join(folder, 'typo'),
      '--config',
      join(folder, 'typo.json'),
      '--dry-run',
      '--json',
    );
    expect(failed.status).toBe(2);
    const error = jsonLines(failed.lines).at(-1);
    expect(error).toMatchObject({ type: 'error', code: 'E_CONFIG' });
    expect(error?.message).toContain('learningRate');
    expect(error?.message).toContain('epochs');
    expect(attune(...base(), '--learning-rate', 'fast', '--output', join(folder, 'typo')).status).toBe(2);
    expect(attune('train', '--modle', 'x').status).toBe(2);
  }, 60_000);

  it('refuses bad files with one sentence that names them, and exits with 2', () => {
    writeFileSync(join(folder, 'bad.safetensors'), new Uint8Array([255, 0, 0, 0, 0, 0, 0, 0, 123]));
    const bad = attune('inspect', join(folder, 'bad.safetensors'));
    expect(bad.status).toBe(2);
    expect(bad.stderr).toContain('bad.safetensors claims a header of 255 bytes, the file has 9');
    expect(attune('inspect', join(folder, 'nothing')).status).toBe(2);
    expect(
      attune(
        'train',
        '--model',
        model,
        '--train',
        join(folder, 'train.csv'),
        '--label-column',
        'intnt',
        '--output',
        join(folder, 'x'),
      ).stderr,
    ).toContain('Did you mean "intent"?');
    const unseen = attune(...base(), '--eval', join(folder, 'other.csv'), '--output', join(folder, 'x'));
    expect(unseen.status).toBe(2);
    expect(unseen.stderr).toContain('sing');
    expect(attune(...base(), '--max-length', '5000', '--output', join(folder, 'x')).stderr).toContain('512 positions');
  }, 120_000);

  it('does not mix with files that lie in the output directory', () => {
    const occupied = join(folder, 'occupied');
    mkdirSync(occupied);
    writeFileSync(join(occupied, 'thesis.txt'), 'mine');
    const refused = attune(...base(), '--epochs', '1', '--output', occupied);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('E_OUTPUT_EXISTS');
    expect(readFileSync(join(occupied, 'thesis.txt'), 'utf8')).toBe('mine');
  }, 60_000);

  it('says which backends are not there', () => {
    expect(attune(...base(), '--backend', 'tfjs:webgl', '--output', join(folder, 'x')).status).toBe(4);
    expect(
      attune('backends', '--json')
        .lines.map((line) => JSON.parse(line))
        .at(-1),
    ).toMatchObject({ type: 'result' });
    expect(attune('doctor').stdout).toContain('ready to train');
  }, 60_000);

  it('T19 kill-points, T23 sigint: a run that is killed and resumed ends with the same losses and weights', async () => {
    const run = (output: string, ...more: string[]) => [
      ...base(),
      '--epochs',
      '3',
      '--output',
      output,
      '--json',
      ...more,
    ];
    const whole = attune(...run(join(folder, 'whole')));
    expect(whole.status).toBe(0);
    const expected = lossesOf(whole.lines);
    const output = join(folder, 'killed');
    const seen = new Map<unknown, unknown>();
    for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
      const child = spawn(process.execPath, [command, ...run(output, '--resume')], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      let steps = 0;
      const code = await new Promise<number | null>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const now = text.split('"type":"step"').length - 1;
          if (now > steps && now === 2) child.kill(signal);
          steps = now;
        });
        child.on('exit', resolve);
      });
      expect(code).toBe(signal === 'SIGKILL' ? null : signal === 'SIGINT' ? 130 : 143);
      for (const [step, loss] of lossesOf(text.split('\n').filter((line) => line.endsWith('}')))) seen.set(step, loss);
    }
    const last = attune(...run(output, '--resume'));
    expect(last.status).toBe(0);
    for (const [step, loss] of lossesOf(last.lines)) seen.set(step, loss);
    expect([...seen].sort(([a], [b]) => Number(a) - Number(b))).toEqual(expected);
    const bytes = (path: string) => readFileSync(join(path, 'adapter_model.safetensors'));
    expect(bytes(output).equals(bytes(join(folder, 'whole')))).toBe(true);
  }, 240_000);

  it('T25 two-writers: a second run in the same directory exits with 3 and names the first', async () => {
    const output = join(folder, 'locked');
    const first = spawn(process.execPath, [command, ...base(), '--epochs', '50', '--output', output, '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise<void>((resolve) =>
      first.stdout.on('data', (chunk: Buffer) => chunk.toString().includes('"type":"step"') && resolve()),
    );
    const second = attune(...base(), '--output', output, '--resume');
    first.kill('SIGKILL');
    expect(second.status).toBe(3);
    expect(second.stderr).toContain(String(first.pid));
  }, 120_000);

  it('T22 resume-mismatch: lists what differs from the checkpoint', () => {
    const changed = attune(
      ...base(),
      '--epochs',
      '3',
      '--learning-rate',
      '5e-3',
      '--output',
      join(folder, 'killed'),
      '--resume',
      '--json',
    );
    expect(changed.status).toBe(2);
    expect(jsonLines(changed.lines).at(-1)).toMatchObject({ code: 'E_RESUME_MISMATCH' });
    expect(JSON.stringify(changed.lines)).toContain('--learning-rate');
  }, 60_000);
});
