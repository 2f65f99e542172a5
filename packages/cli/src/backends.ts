import { onnx } from '@attune/backend-onnx';
import { AttuneError, type Backend, referenceBackend } from '@attune/ir';

/** The backend of a name. @throws AttuneError `E_BACKEND_UNAVAILABLE` for those that do not exist yet */
export function backendOf(name: string, threads?: number): Backend {
  switch (name) {
    case 'onnx':
      return onnx(threads === undefined ? {} : { threads });
    case 'reference':
      return referenceBackend();
    default:
      throw new AttuneError('E_BACKEND_UNAVAILABLE', `The backend "${name}" is not part of this version.`, {
        field: 'backend',
        hint: 'Use --backend onnx.',
      });
  }
}

export const allBackends = (): readonly Backend[] => [onnx(), referenceBackend()];
