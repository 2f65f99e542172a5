/** What the parity suite shares with the command. */
export { backendOf, requireAvailable } from './backends.js';
export { exitCodeOf, exitCodes } from './exit-codes.js';
export { reportError } from './output.js';
