/**
 * A training process for tests that kill it. Prints one JSON event per line; the last line of a finished run holds its
 * weights. Environment: OUTPUT the directory, STEP_MILLISECONDS a pause per step, KILL_AT a phase of a save and KILL_SAVE
 * the number of that save, from 1: there the process kills itself. KILL_LAST the number of changes of the last save after
 * which it kills itself there; the finished model is saved if it is given. SIGINT and SIGTERM end the run after its step.
 */
import { nodeStorage } from '@attune/hub/node';
import { stoppingStorage } from '@attune/hub/testing/stopping-storage';
import { isAttuneError } from '@attune/ir';
import { numbersOf, savedTiny, tinyTrainer } from './tiny-trainer.js';

const { OUTPUT = '', KILL_AT, KILL_SAVE = '1', KILL_LAST, STEP_MILLISECONDS = '0' } = process.env;

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const controller = new AbortController();
let exitCode = 0;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(code);
    exitCode = code;
    controller.abort(new Error(signal));
  });
}

let saves = 0;
const output = nodeStorage(OUTPUT);
await using trainer = tinyTrainer(output, {
  model: savedTiny('child'),
  saveSteps: 2,
  async onSavePhase(phase) {
    if (phase === 'begin') saves += 1;
    if (phase === KILL_AT && saves === Number(KILL_SAVE)) process.kill(process.pid, 'SIGKILL');
    print({ type: 'save-phase', phase });
    await sleep(Number(STEP_MILLISECONDS) / 10);
  },
});
try {
  for await (const event of trainer.train({ signal: controller.signal, resume: true })) {
    print(event);
    if (event.type === 'step') await sleep(Number(STEP_MILLISECONDS));
    if (event.type === 'end' && event.reason === 'completed' && KILL_LAST !== undefined) {
      await trainer.save(stoppingStorage(output, Number(KILL_LAST), () => process.kill(process.pid, 'SIGKILL')));
    }
  }
  if (!controller.signal.aborted) print({ type: 'weights', weights: numbersOf(await trainer.weights()) });
} catch (error) {
  if (!isAttuneError(error)) throw error;
  print({ type: 'error', code: error.code, message: error.message });
  exitCode = error.code === 'E_LOCKED' ? 3 : 1;
}
process.exitCode = exitCode;
