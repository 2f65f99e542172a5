/** Schemas say in English what is wrong: `zod/mini` brings no words of its own. */
import { en } from 'zod/locales';

/** What `safeParse` takes beside the value, where its messages are shown. */
export const inEnglish: { readonly error: ReturnType<typeof en>['localeError'] } = {
  error: /* @__PURE__ */ en().localeError,
};
