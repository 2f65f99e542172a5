/** Numbers as reports write them. */

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const withSpread = (share: number, spread: number, seeds: number): string =>
  seeds > 1 ? `${percent(share)} ± ${(100 * spread).toFixed(1)}` : percent(share);

export const bytes = (count: number): string =>
  count < 1e6 ? `${(count / 1e3).toFixed(0)} KB` : `${(count / 1e6).toFixed(1)} MB`;

export const seconds = (time: number): string => (time < 10 ? time.toFixed(1) : time.toFixed(0));

export const whole = (count: number): string => count.toLocaleString('en');
